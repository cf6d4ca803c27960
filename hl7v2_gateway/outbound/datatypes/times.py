"""DTM, TS, DT, TM, DR: times with the precision they have, in the receiver's time zone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer

_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?"
)
_FRACTION: Final = 4
"""Digits of a second that DTM has."""


@writer("DTM", "dateTime", "date", "instant", "System.DateTime", "System.Date", "string")
def dtm(value: Any, writing: Writing) -> Repetition | None:
    """A point in time."""
    written = point(value, writing.wishes.time_zone)
    return repetition(written) if written else None


@writer("DT", "dateTime", "date", "instant", "System.Date", "System.DateTime")
def dt(value: Any, writing: Writing) -> Repetition | None:
    """A day, or less of it."""
    written = point(value, writing.wishes.time_zone)
    return repetition(written[:8]) if written else None


@writer("TM", "time", "System.Time")
def tm(value: Any, writing: Writing) -> Repetition | None:
    """A time of the day."""
    del writing
    hours, _, fraction = str(value).partition(".")
    return repetition(hours.replace(":", "") + (f".{fraction[:_FRACTION]}" if fraction else ""))


@writer("TM", "dateTime", "instant")
def tm_of(value: Any, writing: Writing) -> Repetition | None:
    """The time of the day of a point in time."""
    written = point(value, writing.wishes.time_zone)
    return repetition(written[8:]) if written and len(written) > len("20261129") else None


@writer("DR", "Period")
def dr(value: Any, writing: Writing) -> Repetition | None:
    """From when to when."""
    zone = writing.wishes.time_zone
    return repetition(point(value.get("start"), zone), point(value.get("end"), zone))


@writer("DR", "dateTime", "instant")
def dr_of_point(value: Any, writing: Writing) -> Repetition | None:
    """A point in time where v2 has a range: its beginning."""
    return dtm(value, writing)


@writer("DTM", "Period")
def beginning(value: Any, writing: Writing) -> Repetition | None:
    """The beginning of a period."""
    return repetition(point(value.get("start"), writing.wishes.time_zone))


def point(value: str | None, zone: ZoneInfo | None) -> str | None:
    """FHIR's date, dateTime or instant as DTM; with a zone, the time that its clocks show.

    >>> point("2024-02-14T21:06:46.577Z", None)
    '20240214210646.577+0000'
    >>> point("2024-02-14T21:06:46Z", ZoneInfo("America/New_York"))
    '20240214160646-0500'
    >>> point("2024-02", None)
    '202402'
    """
    if value is None:
        return None
    day = _DATE.fullmatch(value)
    if day is not None:
        return "".join(part for part in day.groups() if part)
    found = _TIME.fullmatch(value)
    if found is None:
        return None
    *numbers, fraction, offset = found.groups()
    if zone is not None and offset is not None:
        text = value if fraction is None else value.replace(f".{fraction}", "", 1)
        local = datetime.fromisoformat(text).astimezone(zone)
        numbers = [local.strftime(form) for form in ("%Y", "%m", "%d", "%H", "%M")] + (
            [local.strftime("%S")] if numbers[5] is not None else []
        )
        offset = local.strftime("%z")[:5]
    written = "".join(n for n in numbers if n)
    if fraction:
        written += f".{fraction[:_FRACTION]}"
    return written + ({"Z": "+0000"}.get(offset, offset.replace(":", "")) if offset else "")
