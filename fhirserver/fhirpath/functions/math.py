"""Math: abs, ceiling, exp, floor, ln, log, power, round, sqrt, truncate.

http://hl7.org/fhirpath/N1/#math
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.fhirpath import schema, values
from fhirserver.fhirpath.compiled import ANYTHING
from fhirserver.fhirpath.function import function
from fhirserver.fhirpath.nodes import Typed, typed

MOST_PLACES: Final = 28


def _number(item: Typed) -> int | Decimal:
    if schema.kind(item[0]) != "number" or item[1] is None:
        raise Invalid(f"FHIRPath: {item[0]} is not a number")
    return values.number(item[1])


@function("abs", lambda _call: ANYTHING)
def absolute(item: Typed) -> Typed:
    if schema.kind(item[0]) == "quantity":
        positive = abs(Decimal(values.number(item[1]["value"])))
        return ("System.Quantity", {**item[1], "value": positive}, None)
    number = _number(item)
    return typed(-number if number < 0 else number)


@function("ceiling")
def ceiling(number: Decimal) -> int | None:
    return _whole(number, decimal.ROUND_CEILING)


@function("floor")
def floor(number: Decimal) -> int | None:
    return _whole(number, decimal.ROUND_FLOOR)


@function("truncate")
def truncate(number: Decimal) -> int | None:
    return _whole(number, decimal.ROUND_DOWN)


def _whole(number: Decimal, rounding: str) -> int | None:
    """The integer; None if it is beyond all measure (a FHIR decimal may be 1E999999999)."""
    number = Decimal(number)
    return int(number.to_integral_value(rounding)) if number.adjusted() <= MOST_PLACES else None


@function("round")
def rounded(number: Decimal, precision: int | None = None) -> Decimal:
    places = precision or 0
    if not 0 <= places <= MOST_PLACES:
        raise Invalid(f"FHIRPath: the precision is not from 0 to {MOST_PLACES}")
    return Decimal(number).quantize(Decimal(1).scaleb(-places), decimal.ROUND_HALF_UP)


@function("exp")
def exp(number: Decimal) -> Decimal | None:
    return _finite(lambda: Decimal(number).exp())


@function("ln")
def ln(number: Decimal) -> Decimal | None:
    return _finite(lambda: Decimal(number).ln()) if number > 0 else None


@function("log")
def log(number: Decimal, base: Decimal) -> Decimal | None:
    if number <= 0 or base <= 0 or base == 1:
        return None
    return _finite(lambda: Decimal(number).ln() / Decimal(base).ln())


@function("sqrt")
def sqrt(number: Decimal) -> Decimal | None:
    return _finite(lambda: Decimal(number).sqrt()) if number >= 0 else None


@function("power", lambda _call: ANYTHING)
def power(item: Typed, exponent: Typed) -> Typed | None:
    base, to = _number(item), _number(exponent)
    if base < 0 and to != int(to):
        return None
    found = _finite(lambda: Decimal(base) ** Decimal(to))
    if found is None:
        return None
    if isinstance(base, int) and isinstance(to, int) and to >= 0:
        return typed(int(found))
    return typed(found)


def _finite(calculate: Callable[[], Decimal]) -> Decimal | None:
    """A result to eight places; None if there is none or it is beyond all measure."""
    try:
        found = calculate()
        if not found.is_finite() or found.adjusted() > MOST_PLACES:
            return None
        return found.quantize(Decimal("0.00000001")).normalize() + 0
    except decimal.DecimalException:
        return None
