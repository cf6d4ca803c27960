"""Number parameters: a value stands for all that round to it.

100 is [99.5, 100.5), 100.00 is [99.995, 100.005), 1e2 is [95, 105).
https://hl7.org/fhir/R4/search.html#number
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from fhirserver.search.bad_value import bad_value
from fhirserver.search.comparing import split_prefix
from fhirserver.search.hashing import number
from fhirserver.search.index import IndexValues, NumberRow
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Comparison, Condition, HasRow, InNumbers, Or
from fhirserver.search.site import Site

_DECIMAL: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_PLAIN: Final = frozenset(["integer", "decimal", "positiveInt", "unsignedInt"])


def as_float(value: Any) -> float:
    """A JSON number as the index keeps it; infinite when it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def range_of(datatype: str, value: Any) -> tuple[float, float] | None:
    """The low and high of a value; None when it has none."""
    if datatype in _PLAIN:
        low = as_float(value)
        return low, low
    if datatype == "Range":
        low_end, high_end = value.get("low", {}).get("value"), value.get("high", {}).get("value")
        if low_end is None and high_end is None:
            return None
        return (
            -math.inf if low_end is None else as_float(low_end),
            math.inf if high_end is None else as_float(high_end),
        )
    return None


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    if datatype not in (*_PLAIN, "Range"):
        return None
    param = number(parameter.code)

    def add(value: Any, out: IndexValues) -> None:
        found = range_of(datatype, value)
        if found:
            out.numbers.append(NumberRow(param, found[0], found[1], first=True, last=True))

    return add


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    found = [asked(parameter.code, v, "a number such as 5, 5.40 or 1e-3") for v in values]
    return found[0] if len(found) == 1 else Or(tuple(found))


def asked(code: str, value: str, form: str) -> InNumbers:
    """A search value with its precision; `ap` is the range of a tenth around it."""
    compare, exact, half = with_precision(code, value, form)
    return between(code, compare, float(exact), float(exact - half), float(exact + half))


def with_precision(code: str, value: str, form: str) -> tuple[Comparison, Decimal, Decimal]:
    """The prefix, the number, and how far around it other numbers are the same."""
    compare, text = split_prefix(value)
    if not _DECIMAL.fullmatch(text):
        raise bad_value(code, value, form)
    exact = Decimal(text)
    exponent = int(exact.as_tuple().exponent)
    # The standard reads 1e2 as [95, 105), although one digit would be [50, 150).
    half = Decimal((0, (5,), exponent - (2 if exponent > 0 else 1)))
    if compare == "ap":
        half = max(abs(exact) / 10, half)
    return compare, exact, half


def between(code: str, compare: Comparison, own: float, low: float, high: float) -> InNumbers:
    """A comparison with a number and the range of its precision."""
    # A float holds 15 digits: of a value with more, at least its own neighbours must be found.
    low, high = min(low, own), max(high, math.nextafter(own, math.inf))
    return InNumbers(number(code), compare, own, low, high)


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return HasRow("number", number(parameter.code))


kinds.register("number")(Kind(index, condition, present))
