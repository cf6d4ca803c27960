"""Working hours and leave; the days on which the clock is changed are those of Vienna in 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fhirserver.errors import Unprocessable
from fhirserver.scheduling.hours import TIME_ZONE, hours_of, zone_of
from fhirserver.scheduling.slots import cut
from fhirserver.scheduling.times import Span, written

VIENNA = ZoneInfo("Europe/Vienna")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def a_role(*times, **more):
    return {"resourceType": "PractitionerRole", "availableTime": list(times), **more}


def hours(start, end, *days):
    told = {"availableStartTime": start, "availableEndTime": end}
    return {"daysOfWeek": list(days), **told} if days else told


def local(spans, zone=VIENNA):
    return [(written(s.start, zone)[5:16], written(s.end, zone)[5:16]) for s in spans]


def between(role, first, last=None, zone=VIENNA):
    return hours_of(role, zone).between(first, last or first, zone)


def test_hours_are_those_of_the_weekday():
    role = a_role(hours("08:00:00", "12:00:00", "mon", "wed"), hours("13:00:00", "17:00:00", "mon"))

    found = between(role, date(2026, 1, 5), date(2026, 1, 8))

    assert local(found) == [
        ("01-05T08:00", "01-05T12:00"), ("01-05T13:00", "01-05T17:00"),
        ("01-07T08:00", "01-07T12:00"),
    ]  # fmt: skip


def test_the_clock_on_the_wall_decides_when_a_day_begins():
    role = a_role(hours("08:00:00", "10:00:00"))

    before, after = between(role, SPRING - timedelta(days=1), SPRING)

    assert (before.start.hour, after.start.hour) == (7, 6)


@pytest.mark.parametrize(("day", "length"), [(SPRING, 7), (AUTUMN, 9), (date(2026, 6, 7), 8)])
def test_a_night_is_as_long_as_it_is(day, length):
    night = between(a_role(hours("22:00:00", "06:00:00")), day - timedelta(days=1))

    assert [s.end - s.start for s in night] == [timedelta(hours=length)]
    pieces = cut(night, timedelta(minutes=30), timedelta())
    assert len(pieces) == 2 * length
    assert len({p.start for p in pieces}) == 2 * length


def test_an_hour_that_comes_twice_is_worked_twice():
    [found] = between(a_role(hours("02:00:00", "03:00:00")), AUTUMN)

    assert found.end - found.start == timedelta(hours=2)


def test_an_hour_that_never_comes_is_not_worked():
    found = between(a_role(hours("02:00:00", "03:00:00")), SPRING)

    assert sum((s.end - s.start for s in found), timedelta()) == timedelta()


def test_leave_in_days_counts_until_midnight():
    role = a_role(
        hours("08:00:00", "12:00:00"),
        notAvailable=[{"description": "Leave", "during": {"start": "2026-01-06", "end": "2026-01-07"}}],
    )  # fmt: skip

    found = between(role, date(2026, 1, 5), date(2026, 1, 8))

    assert [s[:2] for s in local(found)] == [
        ("01-05T08:00", "01-05T12:00"), ("01-08T08:00", "01-08T12:00"),
    ]  # fmt: skip


def test_leave_of_hours_cuts_a_day_in_two():
    during = {"start": "2026-01-05T09:00:00+01:00", "end": "2026-01-05T10:00:00+01:00"}
    role = a_role(
        hours("08:00:00", "12:00:00"), notAvailable=[{"description": "x", "during": during}]
    )

    assert local(between(role, date(2026, 1, 5))) == [
        ("01-05T08:00", "01-05T09:00"), ("01-05T10:00", "01-05T12:00"),
    ]  # fmt: skip


def test_a_role_has_hours_only_while_it_lasts():
    role = a_role(hours("08:00:00", "09:00:00"), period={"end": "2026-01-05"})

    assert len(between(role, date(2026, 1, 4), date(2026, 1, 8))) == 2
    assert between({**role, "active": False}, date(2026, 1, 4)) == []


def test_all_day_is_from_midnight_to_midnight():
    [found] = between(a_role({"allDay": True, "daysOfWeek": ["sun"]}), SPRING, zone=VIENNA)

    assert found.end - found.start == timedelta(hours=23)


def test_a_location_tells_when_it_is_open():
    place = {
        "resourceType": "Location",
        "hoursOfOperation": [
            {"daysOfWeek": ["mon"], "openingTime": "07:00:00", "closingTime": "09:00:00"}
        ],
    }

    assert local(between(place, date(2026, 1, 5))) == [("01-05T07:00", "01-05T09:00")]


def test_who_tells_no_hours_limits_nothing():
    assert hours_of({"resourceType": "Location"}, VIENNA) is None


def test_the_zone_is_that_of_the_place():
    place = {
        "resourceType": "Location",
        "extension": [{"url": TIME_ZONE, "valueCode": "Asia/Tokyo"}],
    }

    assert zone_of([{"resourceType": "Practitioner"}, place], UTC) == ZoneInfo("Asia/Tokyo")
    assert zone_of([{"resourceType": "Practitioner"}], UTC) == UTC


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", ""])
def test_a_zone_that_nobody_knows_is_refused(name):
    place = {"resourceType": "Location", "extension": [{"url": TIME_ZONE, "valueCode": name}]}

    with pytest.raises(Unprocessable, match="time zone"):
        zone_of([place], UTC)


def test_pieces_have_a_gap_between_them_and_a_short_rest_is_left():
    nine = datetime(2026, 1, 5, 9, tzinfo=UTC)

    found = cut([Span(nine, nine + timedelta(minutes=65))], timedelta(minutes=20), timedelta(minutes=5))  # fmt: skip

    assert [int((p.start - nine).total_seconds() / 60) for p in found] == [0, 25]
