"""NM, SN, CQ, NR, NA: numbers keep their digits.

https://hl7.org/fhir/R4/datatypes.html#decimal
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.datatypes.codes import unit
from hl7v2_gateway.mapping.views import Repetition

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
# https://hl7.org/fhir/R4/datatypes.html#integer
_MOST: Final = 2**31 - 1
_MINUTES: Final = {"min": 1, "h": 60, "d": 24 * 60, "wk": 7 * 24 * 60}
_OTHER_TIMES: Final = frozenset({"s", "mo", "a"})
# As they are written: single letters as in RPT and TQ (2.A.66), English words.
_TIMES: Final = {
    word: code
    for code, words in {
        "s": "S SEC SECS SECOND SECONDS",
        "min": "M MIN MINS MINUTE MINUTES",
        "h": "H HR HRS HOUR HOURS",
        "d": "D DAY DAYS",
        "wk": "W WK WEEK WEEKS",
        "mo": "L MO MON MONTH MONTHS",
        "a": "A Y YR YEAR YEARS",
    }.items()
    for word in words.split()
}
_COMPARATORS: Final = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}


def number(text: str) -> Decimal | int | None:
    """A number as it was written, or None when it is none.

    >>> number("5.10"), number("+7"), number("neg")
    (Decimal('5.10'), 7, None)
    """
    plain = text.strip()
    if not _NUMBER.fullmatch(plain) or len(plain) > 40:
        return None
    plain = plain.lstrip("+")
    if "." not in plain:
        return int(plain)
    if plain.endswith("."):
        return int(plain[:-1])
    return Decimal(plain)


@maps("NM[decimal]", "ST[decimal]", "NM[Decimal]", uses="1")
def to_decimal(r: Repetition, ctx: Context, how: How) -> Any:
    """A decimal."""
    return number(r.text(1))


@maps("NM[integer]", "SI[integer]", uses="1")
def to_integer(r: Repetition, ctx: Context, how: How) -> Any:
    """A whole number."""
    found = number(r.text(1))
    if found is None or int(found) != found or not -_MOST <= found <= _MOST:
        return None
    return int(found)


@maps("NM[unsignedInt]", uses="1")
def to_unsigned(r: Repetition, ctx: Context, how: How) -> Any:
    """A number that is not below zero."""
    found = to_integer(r, ctx, how)
    return found if found is not None and found >= 0 else None


@maps("NM[positiveInt]", "SI[positiveInt]", uses="1")
def to_positive(r: Repetition, ctx: Context, how: How) -> Any:
    """A number above zero."""
    found = to_integer(r, ctx, how)
    return found if found and found > 0 else None


@maps("NM[Quantity]", uses="1")
def nm(r: Repetition, ctx: Context, how: How) -> Any:
    """A number as a Quantity; its unit comes from another field."""
    text = r.text(1).strip()
    found = number(text)
    if found is not None:
        return {"value": found}
    for sign in ("<=", ">=", "<", ">"):
        # Many laboratories write `<0.5` into a number.
        if text.startswith(sign) and (found := number(text[len(sign) :])) is not None:
            return {"comparator": sign, "value": found}
    return None


@maps("NM[Quantity-LengthOfStay]", uses="1")
def days(r: Repetition, ctx: Context, how: How) -> Any:
    """Days of a stay."""
    found = number(r.text(1))
    if found is None:
        return None
    return {"value": found, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}


@maps("CQ[Quantity]", uses="1-2")
def cq(r: Repetition, ctx: Context, how: How) -> Any:
    """A quantity with its units."""
    found = nm(r, ctx, how)
    if found is None:
        return None
    units = unit(r.component(2), ctx, how)
    return {**found, **(units or {})}


@maps("CQ[decimal]", uses="1")
def cq_decimal(r: Repetition, ctx: Context, how: How) -> Any:
    """The number of a quantity."""
    return number(r.text(1))


@maps("CQ[unsignedInt]", uses="1-2")
def cq_minutes(r: Repetition, ctx: Context, how: How) -> Any:
    """A length of time in whole minutes, which is what an offset of a Timing counts in."""
    return whole_minutes(r.text(1), r.component(2))


def whole_minutes(length: str, unit: Repetition) -> int | None:
    """A length of time in whole minutes, if it is that; without a unit it is in minutes."""
    found = number(length)
    each = _MINUTES.get(time_unit(unit) or "") if unit else 1
    if found is None or each is None or not 0 <= found <= _MOST // each:
        return None
    whole = found * each
    return int(whole) if int(whole) == whole else None


@maps("CQ[code]", uses="2")
def cq_unit(r: Repetition, ctx: Context, how: How) -> Any:
    """The unit of a length of time as UCUM has it."""
    return time_unit(r.component(2)) if number(r.text(1)) is not None else None


def time_unit(unit: Repetition) -> str | None:
    """UCUM's code for a unit of time, by its code or its text."""
    for part in (1, 2):
        text = unit.text(part).strip()
        if text in _MINUTES or text in _OTHER_TIMES:
            return text
        if text.upper() in _TIMES:
            return _TIMES[text.upper()]
    return None


@maps("SN[Quantity]", uses="1-2")
def sn_quantity(r: Repetition, ctx: Context, how: How) -> Any:
    """A number with a comparator."""
    found = number(r.text(2))
    if found is None:
        return None
    result: Resource = {"value": found}
    if r.text(1) in _COMPARATORS:
        result["comparator"] = r.text(1)
    return result


@maps("SN[Range]", uses="2-4")
def sn_range(r: Repetition, ctx: Context, how: How) -> Any:
    """SN.2 - SN.4."""
    return _range(r.text(2), r.text(4))


@maps("SN[Ratio]", uses="1-4")
def sn_ratio(r: Repetition, ctx: Context, how: How) -> Any:
    """SN.2 : SN.4."""
    top, bottom = number(r.text(2)), number(r.text(4))
    if top is None or bottom is None:
        return None
    numerator: Resource = {"value": top}
    if r.text(1) in _COMPARATORS:
        numerator["comparator"] = r.text(1)
    return {"numerator": numerator, "denominator": {"value": bottom}}


@maps("SN[string]", uses="1-4")
def sn_string(r: Repetition, ctx: Context, how: How) -> Any:
    """A structured number that no FHIR type holds, as it was written."""
    return " ".join(t for t in (r.text(n) for n in (1, 2, 3, 4)) if t) or None


@maps("NR[Range]", uses="1-2")
def nr(r: Repetition, ctx: Context, how: How) -> Any:
    """From one number to another."""
    return _range(r.text(1), r.text(2))


def _range(low: str, high: str) -> Resource | None:
    bounds = {"low": number(low), "high": number(high)}
    return {k: {"value": v} for k, v in bounds.items() if v is not None} or None


@maps("NA[SampledData]", uses="*")
def na(r: Repetition, ctx: Context, how: How) -> Any:
    """A row of samples."""
    values = [t for t in (r.text(n) for n in range(1, len(r.components) + 1)) if t]
    if not values:
        return None
    return {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": " ".join(values)}


@maps("MO[Money]", "CP[Money]", uses="1-2")
def money(r: Repetition, ctx: Context, how: How) -> Any:
    """An amount with its currency; CP nests the MO in its first component."""
    price = r.component(1) if r.text(1, 2) or not r.text(2) else r
    found = number(price.text(1))
    if found is None:
        return None
    currency = price.text(2)
    return pruned(
        {
            "value": found,
            "currency": currency if len(currency) == 3 and currency.isalpha() else None,
        }
    )


@maps("NM[Quantity-Minutes]", uses="1")
def minutes(r: Repetition, ctx: Context, how: How) -> Any:
    """Minutes."""
    found = number(r.text(1))
    if found is None:
        return None
    return {"value": found, "unit": "min", "system": "http://unitsofmeasure.org", "code": "min"}


@maps("CQ[Duration]", uses="1-2")
def duration(r: Repetition, ctx: Context, how: How) -> Any:
    """A length of time; its unit must be one of UCUM's."""
    found = cq(r, ctx, how)
    if found is None:
        return None
    code = time_unit(r.component(2))
    if code is None:
        return None
    return {
        "value": found["value"],
        "unit": code,
        "system": "http://unitsofmeasure.org",
        "code": code,
    }
