"""DTM, TS, DT, TM, DR: dates and times, as precise as they came and never without an offset.

The offset is the value's own, else that of MSH-7 (2.A.22: it is the default of the message), else
that of the sender's time zone at that moment. https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.views import Repetition

_DTM: Final = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?([+-]\d{4})?"
)
_TM: Final = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?(?:[+-]\d{4})?")


def date_time(text: str, zone: tzinfo) -> str | None:
    """A v2 time as a FHIR dateTime; None when it is no time.

    >>> date_time("20240131", UTC), date_time("202401311530+0100", UTC)
    ('2024-01-31', '2024-01-31T15:30:00+01:00')
    """
    found = _DTM.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if hour is None:
        return _day(year, month, day)
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute or 0),
            int(second or 0),
            tzinfo=_offset(offset) if offset else zone,
        )
        stamp = moment.isoformat()
    except ValueError:
        return None
    if fraction:
        stamp = f"{stamp[:19]}.{fraction}{stamp[19:]}"
    # An offset may have seconds (local mean time, before zones); FHIR has none.
    return stamp if len(stamp.rpartition(stamp[-6])[2]) < 7 and stamp[-6] in "+-" else None


def date(text: str) -> str | None:
    """The date of a v2 time.

    >>> date("202401"), date("198003151200")
    ('2024-01', '1980-03-15')
    """
    found = _DTM.fullmatch(text)
    return _day(*found.group(1, 2, 3)) if found else None


def instant(text: str, zone: tzinfo) -> str | None:
    """A v2 time as an instant; None when it isn't precise to the minute at least."""
    found = date_time(text, zone) if len(text) >= 12 else None
    return found if found and "T" in found else None


def _day(year: str, month: str | None, day: str | None) -> str | None:
    try:
        datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    except ValueError:
        return None
    return "-".join(p for p in (year, month, day) if p)


def _offset(text: str) -> tzinfo:
    minutes = int(text[1:3]) * 60 + int(text[3:5])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def offset_of(text: str) -> tzinfo | None:
    """The offset that a time says itself, if it does and can be."""
    found = _DTM.fullmatch(text)
    if found is None or not found.group(8):
        return None
    try:
        return _offset(found.group(8))
    except ValueError:
        return None


def time(text: str) -> str | None:
    """A v2 time of day.

    >>> time("0930")
    '09:30:00'
    """
    found = _TM.fullmatch(text)
    if found is None:
        return None
    hour, minute, second, fraction = found.groups()
    if int(hour) > 23 or int(minute or 0) > 59 or int(second or 0) > 59:
        return None
    return f"{hour}:{minute or '00'}:{second or '00'}" + (f".{fraction}" if fraction else "")


def period(start: str, end: str, zone: tzinfo) -> Resource | None:
    """A Period from two v2 times."""
    found = {"start": date_time(start, zone), "end": date_time(end, zone)}
    result: Resource | None = pruned(found)
    return result


@maps("DTM[dateTime]", "TS[dateTime]", "DT[dateTime]", "DR[dateTime]", uses="1-2")
def to_date_time(r: Repetition, ctx: Context, how: How) -> Any:
    """DTM.1 or DR.1 as a dateTime."""
    return date_time(r.text(1), ctx.zone)


@maps("DTM[date]", "TS[date]", uses="1-2")
def to_date(r: Repetition, ctx: Context, how: How) -> Any:
    """The date alone: birth dates, expiry dates."""
    return date(r.text(1))


@maps("DTM[instant]", uses="1-2")
def to_instant(r: Repetition, ctx: Context, how: How) -> Any:
    """An instant; a date alone isn't one."""
    return instant(r.text(1), ctx.zone)


@maps("DTM[instant-day]", uses="1-2")
def to_instant_of_day(r: Repetition, ctx: Context, how: How) -> Any:
    """An instant where FHIR asks for one: a date alone becomes its first moment in the zone."""
    text = r.text(1)
    day = text[:8]
    if len(day) < 8 or not day.isdigit():
        return None
    return instant(text, ctx.zone) or instant(f"{day}0000", ctx.zone)


@maps("TM[time]", uses="1")
def to_time(r: Repetition, ctx: Context, how: How) -> Any:
    """A time of day."""
    return time(r.text(1))


@maps("DR[Period]", uses="1-2")
def to_period(r: Repetition, ctx: Context, how: How) -> Any:
    """DR.1 to DR.2."""
    return period(r.text(1), r.text(2), ctx.zone)
