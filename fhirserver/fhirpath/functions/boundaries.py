"""Boundaries and precision, from a later release: lowBoundary, highBoundary, precision, comparable.

https://build.fhir.org/ig/HL7/FHIRPath/#lowboundaryprecision-integer-decimal--date--datetime--time
"""

from __future__ import annotations

import calendar
import decimal
from decimal import Decimal
from typing import Final

from fhirserver.fhirpath import schema, temporal, values
from fhirserver.fhirpath.compiled import ANYTHING
from fhirserver.fhirpath.function import function
from fhirserver.fhirpath.nodes import Typed, typed
from fhirserver.fhirpath.quantities import are_ucum, unit_of
from fhirserver.model import ucum

DEFAULT_PLACES: Final = 8
MOST_PLACES: Final = 28
DATE_DIGITS: Final = (4, 6, 8, 10, 12, 17)
"""Digits of a date or dateTime that is known to the year, month, day, hour, minute, millisecond."""
TIME_DIGITS: Final = (2, 4, 9)
MILLISECOND: Final = Decimal("0.001")
EAST, WEST = 14 * 60, -12 * 60


@function("lowBoundary", lambda _call: ANYTHING)
def low_boundary(item: Typed, precision: int | None = None) -> Typed | None:
    return _boundary(item, precision, low=True)


@function("highBoundary", lambda _call: ANYTHING)
def high_boundary(item: Typed, precision: int | None = None) -> Typed | None:
    return _boundary(item, precision, low=False)


def _boundary(item: Typed, precision: int | None, *, low: bool) -> Typed | None:
    match schema.kind(item[0]):
        case "number":
            number = _number_boundary(Decimal(values.number(item[1])), precision, low=low)
            return None if number is None else typed(number)
        case "quantity":
            value = Decimal(values.number(item[1].get("value", 0)))
            number = _number_boundary(value, precision, low=low)
            return None if number is None else (item[0], {**item[1], "value": number}, None)
        case "date" | "time":
            moment = values.moment(item)
            return None if moment is None else _moment_boundary(item, moment, precision, low=low)
    return None


def _number_boundary(number: Decimal, precision: int | None, *, low: bool) -> Decimal | None:
    places = DEFAULT_PLACES if precision is None else precision
    if not 0 <= places <= MOST_PLACES:
        return None
    half = Decimal(5).scaleb(int(number.as_tuple().exponent) - 1)
    edge = number - half if low else number + half
    mode = decimal.ROUND_FLOOR if low else decimal.ROUND_CEILING
    if abs(edge) < Decimal(1).scaleb(-places):
        # HL7's tests: 0.0034 to one place is 0.0 on both sides.
        mode = decimal.ROUND_DOWN
    return edge.quantize(Decimal(1).scaleb(-places), mode)


def _moment_boundary(
    item: Typed, moment: temporal.Moment, precision: int | None, *, low: bool
) -> Typed | None:
    digits = TIME_DIGITS if moment.is_time else DATE_DIGITS
    is_date = item[0] in {"date", "System.Date"}
    wanted = precision if precision is not None else 8 if is_date else digits[-1]
    if wanted not in digits:
        return None
    fields = list(moment.fields)
    if not low and isinstance(fields[-1], Decimal):
        # SQL on FHIR's tests: 12:34:00 lasts until 12:34:00.999.
        last = Decimal(1).scaleb(int(fields[-1].as_tuple().exponent)) - MILLISECOND
        fields[-1] += max(last, Decimal(0))
    while len(fields) < len(digits):
        fields.append(_edge(fields, moment, low=low))
    fields = fields[: digits.index(wanted) + 1]
    if isinstance(fields[-1], Decimal):
        fields[-1] = fields[-1].quantize(Decimal("0.001"))
    zone = None
    if not moment.is_time and len(fields) > 3:
        zone = moment.zone if moment.zone is not None else EAST if low else WEST
    edge = temporal.Moment(tuple(fields), zone, moment.is_time)
    if moment.is_time:
        return ("System.Time", str(edge), None)
    return ("System.DateTime" if edge.has_time else "System.Date", str(edge), None)


def _edge(fields: list[int | Decimal], moment: temporal.Moment, *, low: bool) -> int | Decimal:
    """The first or last value of the field that comes next."""
    place = len(fields) + (3 if moment.is_time else 0)
    if place == 5:
        return Decimal("0.000") if low else Decimal("59.999")
    if place == 4 and not moment.is_time and len(moment.fields) == 4:
        # HL7's tests: FHIR has no dateTime of an hour alone, so T08 is 08:00.
        return 0
    if low:
        return (1, 1, 1, 0, 0)[place]
    if place == 2:
        return calendar.monthrange(int(fields[0]), int(fields[1]))[1]
    return (9999, 12, 31, 23, 59)[place]


@function("precision")
def precision_of(item: Typed) -> int | None:
    match schema.kind(item[0]):
        case "number":
            return max(0, -int(Decimal(values.number(item[1])).as_tuple().exponent))
        case "date" | "time":
            moment = values.moment(item)
            if moment is None:
                return None
            digits = TIME_DIGITS if moment.is_time else DATE_DIGITS
            return digits[len(moment.fields) - 1]
    return None


@function("comparable")
def comparable(item: Typed, other: Typed) -> bool:
    if {schema.kind(item[0]), schema.kind(other[0])} != {"quantity"}:
        return False
    if not are_ucum(item[1], other[1]):
        return False
    return ucum.comparable(unit_of(item[1]), unit_of(other[1]))
