"""Dates and times of DICOM (DA, TM, DT) as FHIR's, as precise as they are.

A time needs a zone in FHIR: that of TimezoneOffsetFromUTC (0008,0201), else the sender's. Seconds
that weren't told are written as 00, as FHIR asks; an hour alone stays a day.
https://dicom.nema.org/medical/dicom/current/output/html/part05.html#sect_6.2 (DA, TM, DT)
https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dicom_gateway.mapping.attributes import Keys, text

_DAY: Final = re.compile(r"(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})")
_TIME: Final = re.compile(r"(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?")
_OFFSET: Final = re.compile(r"([+-])(\d{2}):?(\d{2})")
_MOMENT: Final = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?"
                            r"([+-]\d{4})?")  # fmt: skip
_LEAP: Final = "60"


def day(told: str) -> str | None:
    """A DA as a FHIR date; also with the points of ACR-NEMA 2.0. None for what is no day.

    >>> day("20040826"), day("1997.04.24"), day("20040231"), day("0000")
    ('2004-08-26', '1997-04-24', None, None)
    """
    found = _DAY.fullmatch(told.strip())
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def moment(on: str, at: str, zone: tzinfo | None) -> str | None:
    """A DA and a TM as a FHIR dateTime; the day alone where time or zone are unknown.

    >>> moment("20040826", "185434.25", timezone.utc)
    '2004-08-26T18:54:34.25Z'
    >>> moment("20040826", "1854", timezone(timedelta(hours=2)))
    '2004-08-26T18:54:00+02:00'
    >>> moment("20040826", "18", timezone.utc), moment("20040826", "1854", None)
    ('2004-08-26', '2004-08-26')
    """
    the_day = day(on)
    found = _TIME.fullmatch(at.strip())
    if the_day is None or found is None or zone is None:
        return the_day
    hour, minute, second, fraction = found[1], found[2], found[3] or "00", found[4]
    second = "59" if second == _LEAP else second
    try:
        there = datetime.fromisoformat(f"{the_day}T{hour}:{minute}:{second}").replace(tzinfo=zone)
        told = there.isoformat()
    except ValueError:
        return the_day
    body, offset = told[:19], told[19:]
    offset = "Z" if offset in {"+00:00", ""} else offset[:6]
    return f"{body}{'.' + fraction if fraction else ''}{offset}"


def full_moment(told: str, zone: tzinfo | None) -> str | None:
    """A DT as a FHIR dateTime.

    >>> full_moment("20110804132205+0100", None), full_moment("201108", None)
    ('2011-08-04T13:22:05+01:00', '2011-08')
    """
    found = _MOMENT.fullmatch(told.strip())
    if found is None:
        return None
    year, month, of_month, time, offset = found.groups()
    if of_month is None or time is None:
        parts = [p for p in (year, month, of_month) if p]
        whole = "".join((year, month or "01", of_month or "01"))
        return "-".join(parts) if day(whole) else None
    return moment(year + month + of_month, time, offset_of(offset or "") or zone)


def zone_of(keys: Keys, name: str | None) -> tzinfo | None:
    """The zone of an instance's times: what it says of itself, else the zone of its sender."""
    own = offset_of(text(keys, "00080201"))
    if own is not None or not name:
        return own
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def offset_of(told: str) -> tzinfo | None:
    """A TimezoneOffsetFromUTC, such as +0130, which runs from -1200 to +1400."""
    found = _OFFSET.fullmatch(told.strip())
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    signed = -minutes if found[1] == "-" else minutes
    if not -12 * 60 <= signed <= 14 * 60:
        return None
    return timezone(timedelta(minutes=signed))
