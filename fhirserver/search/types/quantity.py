"""Quantity parameters: a number with a unit, an amount of money, or a range of either.

A quantity in a unit of UCUM is also held in base units: 0.0054 g is found by 5.4|UCUM|mg. A search
by code or label alone (5.4||mg) compares units as they are written.
https://hl7.org/fhir/R4/search.html#quantity
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from fhirserver.model import ucum
from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split, unescape
from fhirserver.search.hashing import digest, number
from fhirserver.search.index import IndexValues, NumberRow
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Comparison, Condition, HasRow, InNumbers, Or
from fhirserver.search.site import Site
from fhirserver.search.types.number import as_float, asked, between, with_precision

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
    base_low: float | None = None
    base_high: float | None = None


class Written(NamedTuple):
    """A number and its unit, as a resource has them."""

    number: Any
    system: str | None
    code: str | None
    label: str | None

    def measure(self, comparator: str | None = None) -> Measure:
        """How it is indexed."""
        low, high = _ends(as_float(self.number), comparator)
        unit, code, label = _unit(self.system, self.code, self.label)
        if unit is None or self.code is None:
            return Measure(low, high, unit, code, label)
        base = in_base(self.number, self.code) if self.system == ucum.SYSTEM else None
        if base is None:
            return Measure(low, high, unit, code, label, low, high)
        size, base_unit, is_decreasing = base
        ends = _ends(size, _OPPOSITE.get(comparator, comparator) if is_decreasing else comparator)
        return Measure(low, high, base_unit, code, label, *ends)


_OPPOSITE: Final[dict[str | None, str]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _ends(own: float, comparator: str | None) -> tuple[float, float]:
    match comparator:
        case "<":
            return -math.inf, math.nextafter(own, -math.inf)
        case "<=":
            return -math.inf, own
        case ">":
            return math.nextafter(own, math.inf), math.inf
        case ">=":
            return own, math.inf
    return own, own


@lru_cache(maxsize=16_384)
def in_base(number: Any, code: str) -> tuple[float, int, bool] | None:
    """A number of a unit of UCUM in base units, their digest, and whether more means less.

    Equal quantities give the same float, because only the exact result is rounded.
    """
    unit, value = ucum.parse(code), ucum.exact(number)
    if unit is None or value is None:
        return None
    try:
        return float(unit.to_base(value)), digest(f"q|{unit.code}"), unit.is_decreasing
    except (OverflowError, ValueError):
        return None


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
        return Written(amount, CURRENCY, value.get("currency"), None).measure()
    if datatype == "Range":
        low, high = _quantity(value.get("low", {})), _quantity(value.get("high", {}))
        return _joined(low, high)
    return _sampled(value) if datatype == "SampledData" else None


def _joined(low: Measure | None, high: Measure | None) -> Measure | None:
    """The range between two quantities; open where there is none."""
    either = low or high
    if either is None:
        return None
    joined = either._replace(
        low=low.low if low else -math.inf, high=high.high if high else math.inf
    )
    if either.base_low is None or either.base_high is None:
        return joined
    ends = [low.base_low if low else -math.inf, high.base_high if high else math.inf]
    if None in ends:
        return joined
    return joined._replace(base_low=ends[0], base_high=ends[1])


def _quantity(value: Any) -> Measure | None:
    amount = value.get("value")
    if amount is None:
        return None
    get = value.get
    if not amount:
        # 0 and -0 are equal to a cache.
        written = Written(amount, get("system"), get("code"), get("unit"))
        return written.measure(get("comparator"))
    return _measured(amount, get("system"), get("code"), get("unit"), get("comparator"))


@lru_cache(maxsize=4_096)
def _measured(
    amount: Any, system: str | None, code: str | None, label: str | None, comparator: str | None
) -> Measure:
    """Several parameters and composites take the same value of a resource."""
    return Written(amount, system, code, label).measure(comparator)


def _sampled(value: Any) -> Measure | None:
    """The bounds of the samples; E, L and U are no numbers, but the limits of L and U count."""
    origin = value.get("origin", {})
    if origin.get("value") is None:
        return None
    zero, factor = as_float(origin["value"]), as_float(value.get("factor", 1))
    samples: list[float] = []
    for text in (value.get("data") or "").split():
        try:
            samples.append(float(text))
        except ValueError:
            limit = value.get({"L": "lowerLimit", "U": "upperLimit"}.get(text, ""))
            samples += [] if limit is None else [as_float(limit)]
    if not samples:
        return None
    low, high = sorted(zero + factor * end for end in (min(samples), max(samples)))
    unit = origin.get("system"), origin.get("code"), origin.get("unit")
    return _joined(Written(low, *unit).measure(), Written(high, *unit).measure())


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    if datatype not in _QUANTITIES and datatype not in ("Money", "Range", "SampledData"):
        return None
    param = number(parameter.code)

    def add(value: Any, out: IndexValues) -> None:
        found = measure(datatype, value)
        if found:
            low, high, unit, code, label, *base = found
            out.numbers.append(
                NumberRow(param, low, high, True, True, unit, code, label, None, None, 0, *base)
            )

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
    if len(parts) == 1 or not parts[2]:
        return asked(code, parts[0], _FORM)
    system, unit = parts[1:]
    if not system:
        return replace(asked(code, parts[0], _FORM), code=digest(f"c|{unit}"))
    converted = _converted(code, parts[0], unit) if system == ucum.SYSTEM else None
    return converted or replace(asked(code, parts[0], _FORM), unit=digest(f"s|{system}|{unit}"))


def _converted(code: str, value: str, unit: str) -> InNumbers | None:
    """What is asked for in base units; the precision is that of the number as it is written."""
    compare, exact, half = with_precision(code, value, _FORM)
    own, low, high = (in_base(n, unit) for n in (exact, exact - half, exact + half))
    if own is None or low is None or high is None:
        return None
    if own[2]:
        low, high, compare = high, low, _FLIPPED.get(compare, compare)
    return replace(between(code, compare, own[0], low[0], high[0]), unit=own[1])


_FLIPPED: Final[dict[Comparison, Comparison]] = {
    "gt": "lt", "lt": "gt", "ge": "le", "le": "ge", "sa": "eb", "eb": "sa",
}  # fmt: skip


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return HasRow("number", number(parameter.code))


kinds.register("quantity")(Kind(index, condition, present))
