"""https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fhirserver.errors import Invalid
from fhirserver.scheduling.recurring import occurrences

VIENNA = ZoneInfo("Europe/Vienna")
NINE = datetime(2026, 3, 20, 9, tzinfo=VIENNA).astimezone(UTC)


def test_weekly_at_nine_stays_at_nine_when_the_clock_is_changed():
    found = occurrences("FREQ=WEEKLY;COUNT=3", NINE, VIENNA)

    assert [d.hour for d in found] == [8, 8, 7]
    assert [d.astimezone(VIENNA).hour for d in found] == [9, 9, 9]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3", [20, 22, 24]),
        ("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=3", [20, 23, 27]),
        ("FREQ=DAILY;UNTIL=20260322", [20, 21]),
        ("FREQ=DAILY;UNTIL=20260322T080000Z", [20, 21, 22]),
    ],
)
def test_the_rule_is_that_of_calendars(rule, days):
    assert [d.day for d in occurrences(rule, NINE, VIENNA)] == days


@pytest.mark.parametrize(
    "rule",
    ["", "x", "FREQ=WEEKLY", "FREQ=SECONDLY;COUNT=2", "FREQ=HOURLY;COUNT=2", "FREQ=DAILY;COUNT=9999",
     "FREQ=DAILY;COUNT=2;FOO=1", "FREQ=WEEKLY;BYDAY=XX;COUNT=2", "FREQ=WEEKLY;BYDAY=MO;COUNT=2",
     "FREQ=DAILY;COUNT=x", "DTSTART=20200101;FREQ=DAILY;COUNT=2", "FREQ=DAILY;UNTIL=2026x",
     "FREQ=DAILY;UNTIL=20269999T000000Z", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31;COUNT=2"],
)  # fmt: skip
def test_a_rule_that_is_none_or_has_no_end_is_refused(rule):
    with pytest.raises(Invalid):
        occurrences(rule, NINE, VIENNA)
