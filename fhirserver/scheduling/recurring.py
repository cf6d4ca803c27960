"""Appointments that come again, by a rule of iCalendar.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Final

from dateutil.rrule import rrule, rrulestr

from fhirserver.errors import Invalid

MOST: Final = 104
"""Twice a week for a year."""
LONGEST: Final = timedelta(days=5 * 366)
SERIES: Final = "https://fhirserver.example/NamingSystem/appointment-series"
"""The system of the identifier that the appointments of a series share."""
_FREQUENCY: Final = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)")
_COUNT: Final = re.compile(r"(?:^|;)COUNT=(\d{1,4})(?=;|$)")
_UNTIL: Final = re.compile(r"(?:^|;)UNTIL=(\d{8}(?:T\d{6})?)")
_UNUSUAL: Final = frozenset({"BYWEEKNO", "BYEASTER"})
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NOT_THEN: Final = "the first appointment isn't at a time of which the rule speaks"
_TOO_LONG: Final = "a series lasts at most five years"
_RULE: Final = re.compile(r"[A-Z0-9=;,+\-]{1,200}")


def occurrences(rule: str, start: datetime, zone: tzinfo) -> list[datetime]:
    """When the appointments of a series begin, the first one with it.

    The clock on the wall decides: weekly at nine is at nine after the clock has been changed, too.
    """
    text = rule.strip().removeprefix("RRULE:")
    if not _RULE.fullmatch(text) or not _FREQUENCY.search(text):
        raise Invalid(
            "the rule must be one of RFC 5545, daily or less often, such as "
            "FREQ=WEEKLY;INTERVAL=2;COUNT=6"
        )
    count, until = _COUNT.search(text), _UNTIL.search(text)
    if (count is None) == (until is None):
        raise Invalid("the rule must say when it ends, by COUNT or by UNTIL")
    local = start.astimezone(zone).replace(tzinfo=None, fold=0)
    horizon = (local + LONGEST).strftime("%Y%m%dT%H%M%S")
    if until is not None and until[1] > horizon:
        raise Invalid(_TOO_LONG)
    _refuse_other_days(text, local)
    if count is not None:
        text = f"{_COUNT.sub('', text).strip(';')};UNTIL={horizon}"
    most = MOST if count is None else int(count[1])
    try:
        made = rrulestr(_on_the_clock(text, zone), dtstart=local)
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid("the rule must be one of RFC 5545, such as FREQ=WEEKLY;COUNT=6") from error
    assert isinstance(made, rrule)
    found: list[datetime] = []
    for number, when in enumerate(islice(made, None if count is None else most)):
        if number >= MOST:
            raise Invalid(f"a series has at most {MOST} appointments")
        found.append(when.replace(tzinfo=zone).astimezone(UTC))
    if start not in found:
        raise Invalid(_NOT_THEN)
    if count is not None and len(found) < most:
        raise Invalid(_TOO_LONG)
    return found


def _refuse_other_days(text: str, local: datetime) -> None:
    """Raise Invalid when a rule doesn't speak of the first appointment's day and time.

    It is told before the rule is followed: one that never comes true, such as on the 30th of
    February, would be followed day by day to the year 9999.
    """
    parts = dict(p.partition("=")[::2] for p in text.split(";"))
    if parts.keys() & _UNUSUAL or ("BYSETPOS" in parts and parts["FREQ"] in {"DAILY", "WEEKLY"}):
        raise Invalid("this part of RFC 5545's rules isn't supported: use BYDAY and BYMONTHDAY")
    month, year = monthrange(local.year, local.month)[1], 366 if isleap(local.year) else 365
    day = local.timetuple().tm_yday
    meant = {
        "BYMONTH": {str(local.month)},
        "BYMONTHDAY": {str(local.day), str(local.day - month - 1)},
        "BYYEARDAY": {str(day), str(day - year - 1)},
        "BYDAY": {_DAYS[local.weekday()]},
        "BYHOUR": {str(local.hour)},
        "BYMINUTE": {str(local.minute)},
        "BYSECOND": {str(local.second)},
    }
    for name, values in meant.items():
        if name in parts:
            given = {_plain(v, name) for v in parts[name].split(",")}
            if not given & values:
                raise Invalid(_NOT_THEN)


def _plain(value: str, name: str) -> str:
    """A number without its sign and noughts; of a day as `-1MO` the day."""
    if name == "BYDAY":
        return value[-2:]
    digits = value.lstrip("+-").lstrip("0") or "0"
    return f"-{digits}" if value.startswith("-") else digits


def _on_the_clock(text: str, zone: tzinfo) -> str:
    """UNTIL in UTC as the time that the clock on the wall shows then."""

    def local(found: re.Match[str]) -> str:
        when = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return f"UNTIL={when.astimezone(zone).strftime('%Y%m%dT%H%M%S')}"

    return re.sub(r"UNTIL=(\d{8}T\d{6}Z)", local, text)
