"""Date parameters: every date, period or instant is a range of microseconds.

2024-05 is all of May. What has no zone is in the site's. https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final

from fhirserver import clock
from fhirserver.search.bad_value import bad_value
from fhirserver.search.comparing import split_prefix
from fhirserver.search.hashing import number
from fhirserver.search.index import EARLIEST, LATEST, DateRow, IndexValues
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Comparison, Condition, HasRow, InDates, Or
from fhirserver.search.site import Site

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FORM: Final = "a date such as 2024, 2024-05, 2024-05-17 or 2024-05-17T10:30:00Z"
_DATE: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+\- ]\d\d:\d\d)?)?)?)?"
)
_PLAIN: Final = frozenset(["date", "dateTime", "instant"])
_MICROSECONDS: Final = {"day": 86_400_000_000, "minute": 60_000_000, "second": 1_000_000}

Range = tuple[int, int]


@lru_cache(maxsize=8_192)
def bounds(text: str, zone: tzinfo) -> Range:
    """[low, high) in microseconds since 1970 UTC; ValueError when it is not a date.

    >>> bounds("1970-01-01", UTC)
    (0, 86400000000)
    >>> bounds("1970-01-01T01:00:00.5+01:00", UTC)
    (500000, 600000)
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    if match["hour"] is None:
        low = _microseconds(datetime(year, month, day, tzinfo=zone))
        return low, _after(match, year, month, day, zone)
    # 23:59:60 is a leap second: the clock of Python and PostgreSQL has none.
    second = int(match["second"] or 0)
    moment = datetime(
        year,
        month,
        day,
        int(match["hour"]),
        int(match["minute"]),
        min(second, 59) if second <= 60 else second,
        tzinfo=_zone(match["zone"], zone),
    )
    fraction = match["fraction"] or ""
    low = _microseconds(moment) + int(fraction[:6].ljust(6, "0")) + (second == 60) * 1_000_000
    if match["second"] is None:
        return low, low + _MICROSECONDS["minute"]
    return low, low + max(1, 1_000_000 // 10 ** len(fraction))


def _after(match: re.Match[str], year: int, month: int, day: int, zone: tzinfo) -> int:
    """The moment after a year, month or day, which may be 23 or 25 hours long."""
    if match["day"]:
        try:
            return _microseconds(datetime(year, month, day, tzinfo=zone) + timedelta(days=1))
        except OverflowError:
            return LATEST
    year, month = (year + 1, 1) if not match["month"] or month == 12 else (year, month + 1)
    return LATEST if year > 9999 else _microseconds(datetime(year, month, 1, tzinfo=zone))


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if text is None:
        return default
    if text == "Z":
        return UTC
    # A + that was not escaped in a URL arrives as a space.
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return UTC if not offset else _fixed(-offset if text[0] == "-" else offset)


@lru_cache(maxsize=256)
def _fixed(offset: timedelta) -> tzinfo:
    return timezone(offset)


def _microseconds(moment: datetime) -> int:
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def range_of(datatype: str, value: Any, site: Site) -> Range | None:
    """The range of a value; None when it has no date, or one that can't be understood."""
    try:
        if datatype in _PLAIN:
            return bounds(value, site.zone)
        if datatype == "Period":
            return _period(value, site)
        if datatype == "Timing":
            return _timing(value, site)
    except (ValueError, TypeError):
        # Validation tells the author; a date that is none can't be found by its value.
        pass
    return None


def _period(value: Any, site: Site) -> Range | None:
    start, end = value.get("start"), value.get("end")
    if start is None and end is None:
        return None
    low = EARLIEST if start is None else bounds(start, site.zone)[0]
    high = LATEST if end is None else bounds(end, site.zone)[1]
    return (low, high) if low < high else None


def _timing(value: Any, site: Site) -> Range | None:
    """The outer limits of a schedule; what happens between them is not looked at."""
    found = [bounds(event, site.zone) for event in value.get("event", ()) if event]
    period = value.get("repeat", {}).get("boundsPeriod")
    whole = _period(period, site) if period else None
    found += [whole] if whole else []
    return (min(f[0] for f in found), max(f[1] for f in found)) if found else None


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    if datatype not in (*_PLAIN, "Period", "Timing"):
        return None
    param = number(parameter.code)

    def add(value: Any, out: IndexValues) -> None:
        found = range_of(datatype, value, site)
        if found:
            out.dates.append(DateRow(param, found[0], found[1], first=True, last=True))

    return add


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    param = number(parameter.code)
    found = [InDates(param, *asked(parameter.code, v, site)) for v in values]
    return found[0] if len(found) == 1 else Or(tuple(found))


def asked(code: str, value: str, site: Site) -> tuple[Comparison, int, int]:
    """The comparison and range of a search value; `ap` widens it by a tenth of its age."""
    compare, text = split_prefix(value)
    try:
        low, high = bounds(text, site.zone)
    except ValueError as error:
        raise bad_value(code, value, FORM) from error
    if compare == "ap":
        now = _microseconds(clock.now())
        slack = max(0, low - now, now - high) // 10
        low, high = max(EARLIEST, low - slack), min(LATEST, high + slack)
    return compare, low, high


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return HasRow("date", number(parameter.code))


kinds.register("date")(Kind(index, condition, present))
