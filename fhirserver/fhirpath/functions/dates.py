"""Parts of dates and times, and how far apart two are: yearOf, dateOf, duration, difference ...

Of the next release: https://build.fhir.org/ig/HL7/FHIRPath/#extract-datetime-components
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.fhirpath import temporal, values
from fhirserver.fhirpath.compiled import one
from fhirserver.fhirpath.function import function
from fhirserver.fhirpath.nodes import Typed
from fhirserver.fhirpath.parser import CALENDAR
from fhirserver.fhirpath.temporal import Moment

_FIELDS: Final = ("year", "month", "day", "hour", "minute", "second")
_LENGTHS: Final = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
}
_NEEDS: Final = {"week": "day", "millisecond": "second"}
"""The field that must be known, where it isn't the unit's own."""


def _register(name: str, read: Callable[[Moment], int | None]) -> None:
    @function(f"{name}Of")
    def part(item: Typed) -> int | None:
        moment = values.moment(item)
        return None if moment is None else read(moment)


def _field(place: int) -> Callable[[Moment], int | None]:
    def read(moment: Moment) -> int | None:
        at = place - 3 if moment.is_time else place
        return int(moment.fields[at]) if 0 <= at < len(moment.fields) else None

    return read


def _milliseconds(moment: Moment) -> int | None:
    last = moment.fields[-1]
    return int(last % 1 * 1000) if isinstance(last, Decimal) else None


for _place, _name in enumerate(_FIELDS):
    _register(_name, _field(_place))
_register("millisecond", _milliseconds)


@function("timezoneOffsetOf")
def timezone_offset_of(item: Typed) -> Decimal | None:
    """In hours."""
    moment = values.moment(item)
    if moment is None or moment.zone is None or moment.is_time:
        return None
    return (Decimal(moment.zone) / 60).normalize() + 0


@function("dateOf", lambda _call: one("System.Date"))
def date_of(item: Typed) -> Typed | None:
    moment = values.moment(item)
    if moment is None or moment.is_time:
        return None
    return ("System.Date", str(Moment(moment.fields[:3])), None)


@function("timeOf", lambda _call: one("System.Time"))
def time_of(item: Typed) -> Typed | None:
    moment = values.moment(item)
    if moment is None or not moment.has_time:
        return None
    fields = moment.fields if moment.is_time else moment.fields[3:]
    return ("System.Time", str(Moment(fields, is_time=True)), None)


@function("duration")
def duration(item: Typed, other: Typed, precision: str) -> int | None:
    """How many whole periods there are from one to the other; negative if that one is earlier."""
    pair = _pair(item, other, precision)
    if pair is None:
        return None
    start, end, unit = pair
    if unit in _LENGTHS:
        return _whole(end - start, _LENGTHS[unit])
    months = _months(end) - _months(start)
    # The month counts when its day and time have come: from the 31st, on the last day.
    rest = (end.day, end.time()) < (start.day, start.time())
    if months > 0 and rest and not _is_last_day(start, end):
        months -= 1
    if months < 0 and (end.day, end.time()) > (start.day, start.time()):
        months += 1
    return int(months / 12) if unit == "year" else months


@function("difference")
def difference(item: Typed, other: Typed, precision: str) -> int | None:
    """How many boundaries between periods lie from one to the other: a new year, a Sunday."""
    pair = _pair(item, other, precision)
    if pair is None:
        return None
    start, end, unit = pair
    match unit:
        case "year":
            return end.year - start.year
        case "month":
            return _months(end) - _months(start)
        case "week":
            return (_sunday(end) - _sunday(start)).days // 7
    length = _LENGTHS[unit]
    first = datetime.min  # noqa: DTZ901 - zones are compared before
    return (end - first) // length - (start - first) // length


def _pair(item: Typed, other: Typed, precision: str) -> tuple[datetime, datetime, str] | None:
    """Both as they are in the first one's zone; None where either is known less precisely."""
    unit = CALENDAR.get(precision)
    if unit is None:
        raise Invalid("FHIRPath: the precision must be one of " + ", ".join(sorted(CALENDAR)))
    start, end = values.moment(item), values.moment(other)
    if start is None or end is None or start.is_time != end.is_time:
        return None
    needed = _FIELDS.index(_NEEDS.get(unit, unit)) + 1 - (3 if start.is_time else 0)
    if needed <= 0 or min(len(start.fields), len(end.fields)) < needed:
        return None
    if start.zone is not None and end.zone is not None and start.zone != end.zone:
        minutes = Decimal(start.zone - end.zone)
        end = replace(temporal.add(end, minutes, "minute"), zone=start.zone)
    return temporal.earliest(start), temporal.earliest(end), unit


def _whole(span: timedelta, length: timedelta) -> int:
    return span // length if span >= timedelta() else -(-span // length)


def _months(moment: datetime) -> int:
    return moment.year * 12 + moment.month


def _is_last_day(start: datetime, end: datetime) -> bool:
    is_last = (end + timedelta(days=1)).month != end.month
    return is_last and end.day < start.day and end.time() >= start.time()


def _sunday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.isoweekday() % 7)
