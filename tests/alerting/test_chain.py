"""Who is told, in which order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhirserver.alerting import Duty, chain, on_duty


def someone(code, name, **period):
    return {
        "type": [{"coding": [{"code": code}]}],
        "individual": {"reference": f"Practitioner/{name}"},
        "period": period,
    }


ENCOUNTER = {
    "participant": [someone("ADM", "admitter"), someone("ATND", "attending")],
    "serviceProvider": {"reference": "Organization/medicine"},
}
ORDER = {"requester": {"reference": "Practitioner/ordering"}}


def test_the_attending_is_first_then_the_ordering_then_who_is_on_call():
    found = chain(ENCOUNTER, [ORDER], Duty(("Practitioner/call",), ("Practitioner/ward",)))

    names = ["attending", "admitter", "ordering", "call", "ward"]
    assert found == [f"Practitioner/{n}" for n in names]


def test_nobody_is_told_twice_and_who_has_left_not_at_all():
    encounter = {"participant": [someone("ATND", "gone", end="2026-01-01"),
                                 someone("ATND", "ordering")]}  # fmt: skip

    assert chain(encounter, [ORDER], Duty()) == ["Practitioner/ordering"]


@pytest.mark.parametrize(
    ("end", "is_there"),
    [
        ("2026-11-30T10:00:00+01:00", True),
        ("2026-11-30T09:00:00+01:00", False),
        ("2026-11-30", True),
        ("2026-11-29", False),
        ("2026-12", True),
    ],
)
def test_who_will_leave_later_is_still_told(end, is_there):
    encounter = {"participant": [someone("ATND", "attending", end=end)]}
    now = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)

    assert chain(encounter, [], Duty(), now) == ["Practitioner/attending"] * is_there


def test_where_nobody_is_known_the_department_is_told():
    assert chain({**ENCOUNTER, "participant": []}, [], Duty()) == ["Organization/medicine"]
    assert chain(None, [], Duty()) == []


@pytest.mark.parametrize(
    ("start", "end", "when", "expected"),
    [
        ("08:00:00", "16:00:00", "2026-11-30T08:00", True),
        ("08:00:00", "16:00:00", "2026-11-30T16:00", False),
        ("20:00:00", "08:00:00", "2026-11-30T23:00", True),
        ("20:00:00", "08:00:00", "2026-12-01T07:59", True),
        ("20:00:00", "08:00:00", "2026-11-30T07:59", False),
        ("08:00:00", "16:00:00", "2026-12-01T09:00", False),
    ],
)
def test_a_duty_of_mondays_holds_on_mondays_and_the_night_after(start, end, when, expected):
    time = {"daysOfWeek": ["mon"], "availableStartTime": start, "availableEndTime": end}

    assert bool(on_duty([{"availableTime": [time]}], datetime.fromisoformat(when))) is expected


def test_a_duty_that_ends_when_it_begins_lasts_all_day():
    time = {"daysOfWeek": ["mon"], "availableStartTime": "08:00:00", "availableEndTime": "08:00:00"}
    role = {"availableTime": [time]}

    assert on_duty([role], datetime(2026, 11, 30, 9))
    assert on_duty([role], datetime(2026, 12, 1, 7))
    assert not on_duty([role], datetime(2026, 12, 1, 9))


def test_leave_and_the_end_of_a_post_are_minded():
    always = {"availableTime": [{"allDay": True, "daysOfWeek": ["mon"]}]}
    monday = datetime(2026, 11, 30, 9)

    away = {"notAvailable": [{"description": "leave",
                              "during": {"start": "2026-11-28", "end": "2026-11-30"}}]}  # fmt: skip
    assert on_duty([always], monday)
    assert not on_duty([always | away], monday)
    assert not on_duty([always | {"period": {"end": "2026-11-29"}}], monday)
    assert not on_duty([always | {"active": False}], monday)
    assert not on_duty([{}], monday)
