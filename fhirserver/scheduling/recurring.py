"""Appointments that come again, by a rule of iCalendar.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from dateutil.rrule import rrule, rrulestr

from fhirserver.errors import Invalid

MOST: Final = 104
"""Twice a week for a year."""
SERIES: Final = "https://fhirserver.example/NamingSystem/appointment-series"
"""The system of the identifier that the appointments of a series share."""
_FREQUENCY: Final = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)")
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
    if "COUNT=" not in text and "UNTIL=" not in text:
        raise Invalid("the rule must say when it ends, by COUNT or by UNTIL")
    local = start.astimezone(zone).replace(tzinfo=None, fold=0)
    try:
        made = rrulestr(_on_the_clock(text, zone), dtstart=local)
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid("the rule must be one of RFC 5545, such as FREQ=WEEKLY;COUNT=6") from error
    assert isinstance(made, rrule)
    found: list[datetime] = []
    for number, when in enumerate(made):
        if number >= MOST:
            raise Invalid(f"a series has at most {MOST} appointments")
        found.append(when.replace(tzinfo=zone).astimezone(UTC))
    if start not in found:
        raise Invalid("the first appointment isn't at a time of which the rule speaks")
    return found


def _on_the_clock(text: str, zone: tzinfo) -> str:
    """UNTIL in UTC as the time that the clock on the wall shows then."""

    def local(found: re.Match[str]) -> str:
        when = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return f"UNTIL={when.astimezone(zone).strftime('%Y%m%dT%H%M%S')}"

    return re.sub(r"UNTIL=(\d{8}T\d{6}Z)", local, text)
