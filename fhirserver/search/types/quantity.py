"""Quantity parameters: a number with a unit, an amount of money, or a range of either.

Units are compared as they are written: 1 g is not 1000 mg (see README).
https://hl7.org/fhir/R4/search.html#quantity
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split, unescape
from fhirserver.search.hashing import digest, number
from fhirserver.search.index import IndexValues, NumberRow
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Condition, HasRow, InNumbers, Or
from fhirserver.search.site import Site
from fhirserver.search.types.number import as_float, asked

CURRENCY: Final = "urn:iso:std:iso:4217"
_QUANTITIES: Final = frozenset(
    ["Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance", "MoneyQuantity"]
)
_FORM: Final = "a quantity: NUMBER, NUMBER|SYSTEM|CODE or NUMBER||CODE"


class Measure(NamedTuple):
    """The range of a value and the digests of its unit, as a NumberRow has them."""

    low: float
    high: float
    unit: int | None
    code: int | None
    label: int | None


@lru_cache(maxsize=4_096)
def _unit(
    system: str | None, code: str | None, label: str | None
) -> tuple[int | None, int | None, int | None]:
    return (
        digest(f"s|{system or ''}|{code}") if code else None,
        digest(f"c|{code}") if code else None,
        digest(f"c|{label}") if label and label != code else None,
    )


def measure(datatype: str, value: Any) -> Measure | None:
    """The range and unit of a value; None when it has none."""
    if datatype in _QUANTITIES:
        return _quantity(value)
    if datatype == "Money":
        amount = value.get("value")
        if amount is None:
            return None
        own = as_float(amount)
        return Measure(own, own, *_unit(CURRENCY, value.get("currency"), None))
    if datatype == "Range":
        low, high = _quantity(value.get("low", {})), _quantity(value.get("high", {}))
        if low is None and high is None:
            return None
        unit = (low or high or ())[2:]
        return Measure(low.low if low else -math.inf, high.high if high else math.inf, *unit)
    return _sampled(value) if datatype == "SampledData" else None


def _quantity(value: Any) -> Measure | None:
    amount = value.get("value")
    if amount is None:
        return None
    low = high = as_float(amount)
    match value.get("comparator"):
        case "<":
            low, high = -math.inf, math.nextafter(high, -math.inf)
        case "<=":
            low = -math.inf
        case ">":
            low, high = math.nextafter(low, math.inf), math.inf
        case ">=":
            high = math.inf
    unit = _unit(value.get("system"), value.get("code"), value.get("unit"))
    return Measure(low, high, *unit)


def _sampled(value: Any) -> Measure | None:
    """The bounds of the samples; E, L and U are no numbers, but the limits of L and U count."""
    origin = _quantity(value.get("origin", {}))
    if origin is None:
        return None
    factor = as_float(value.get("factor", 1))
    samples: list[float] = []
    for text in (value.get("data") or "").split():
        try:
            samples.append(float(text))
        except ValueError:
            limit = value.get({"L": "lowerLimit", "U": "upperLimit"}.get(text, ""))
            samples += [] if limit is None else [as_float(limit)]
    if not samples:
        return None
    ends = [origin.low + factor * end for end in (min(samples), max(samples))]
    return Measure(min(ends), max(ends), *origin[2:])


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    if datatype not in _QUANTITIES and datatype not in ("Money", "Range", "SampledData"):
        return None
    param = number(parameter.code)

    def add(value: Any, out: IndexValues) -> None:
        found = measure(datatype, value)
        if found:
            low, high, unit, code, label = found
            out.numbers.append(NumberRow(param, low, high, True, True, unit, code, label))

    return add


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    found = [_asked(parameter.code, v) for v in values]
    return found[0] if len(found) == 1 else Or(tuple(found))


def _asked(code: str, value: str) -> InNumbers:
    parts = [unescape(p) for p in split(value, "|")]
    if len(parts) == 2 and parts[1]:
        # NUMBER|CODE is not in the standard, but common.
        parts = [parts[0], "", parts[1]]
    if len(parts) not in (1, 3) or (len(parts) == 3 and parts[1] and not parts[2]):
        raise bad_value(code, value, _FORM)
    found = asked(code, parts[0], _FORM)
    if len(parts) == 1 or not parts[2]:
        return found
    system, unit = parts[1:]
    if system:
        return replace(found, unit=digest(f"s|{system}|{unit}"))
    return replace(found, code=digest(f"c|{unit}"))


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return HasRow("number", number(parameter.code))


kinds.register("quantity")(Kind(index, condition, present))
