"""https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fhirserver.errors import Invalid
from fhirserver.scheduling.recurring import occurrences
from tests.pace import soon

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


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
     "FREQ=DAILY;BYYEARDAY=366;BYMONTH=1;COUNT=3", "FREQ=DAILY;BYWEEKNO=20;BYMONTH=1;COUNT=3",
     "FREQ=DAILY;BYSETPOS=9;COUNT=2", "FREQ=DAILY;INTERVAL=7;BYDAY=TU;COUNT=2",
     "FREQ=YEARLY;COUNT=7", "FREQ=YEARLY;UNTIL=20990101", "FREQ=DAILY;COUNT=2;UNTIL=20260325"],
)  # fmt: skip
def test_a_rule_that_never_comes_true_or_has_no_near_end_is_refused_at_once(rule):
    # To the year 9999 it is four seconds and more.
    with soon(1), pytest.raises(Invalid):
        occurrences(rule, NINE, VIENNA)


@pytest.mark.parametrize(
    "rule",
    ["FREQ=MONTHLY;BYDAY=-2FR;COUNT=3", "FREQ=MONTHLY;BYMONTHDAY=-12;COUNT=3",
     "FREQ=DAILY;BYHOUR=09;COUNT=3", "FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=6;COUNT=3",
     "FREQ=YEARLY;BYYEARDAY=79;COUNT=3"],
)  # fmt: skip
def test_parts_of_a_rule_that_speak_of_the_first_day_are_followed(rule):
    assert len(occurrences(rule, NINE, VIENNA)) == 3
