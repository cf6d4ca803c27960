"""Date search: ranges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.errors import Invalid
from fhirserver.search.index import EARLIEST, LATEST
from fhirserver.search.site import Site
from fhirserver.search.types.date import bounds, range_of

DAY = 86_400_000_000


def observation(**effective):
    return {"resourceType": "Observation"} | effective


@given(st.dates(), st.sampled_from(["UTC", "Europe/Vienna", "America/St_Johns"]))
def test_a_day_lies_in_its_month_and_the_month_in_its_year(day: date, zone: str):
    at = ZoneInfo(zone)
    text = day.isoformat()
    d, m, y = bounds(text, at), bounds(text[:7], at), bounds(text[:4], at)

    assert y[0] <= m[0] <= d[0] < d[1] <= m[1] <= y[1]
    assert 22 * DAY // 24 <= d[1] - d[0] <= 26 * DAY // 24 or d[1] == LATEST


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_a_moment_is_the_same_in_every_zone(moment: datetime, minutes: int):
    sign = "-" if minutes < 0 else "+"
    text = moment.isoformat(timespec="microseconds")
    here = bounds(f"{text}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}", UTC)

    assert here[1] - here[0] == 1
    assert here[0] == bounds(f"{text}Z", UTC)[0] - timedelta(minutes=minutes) // timedelta(
        microseconds=1
    )


def test_the_day_that_clocks_go_forward_has_23_hours():
    low, high = bounds("2024-03-31", ZoneInfo("Europe/Vienna"))

    assert high - low == 23 * DAY // 24


def test_a_time_without_a_zone_is_in_the_sites():
    vienna = ZoneInfo("Europe/Vienna")

    assert bounds("2024-07-01T12:00:00", vienna) == bounds("2024-07-01T10:00:00Z", UTC)


def test_precision_is_the_width_of_the_range():
    assert [
        high - low
        for low, high in (
            bounds(f"2024-07-01T12:00{rest}Z", UTC) for rest in ("", ":00", ":00.1", ":00.123")
        )
    ] == [60_000_000, 1_000_000, 100_000, 1_000]


def test_a_leap_second_is_the_second_after():
    assert bounds("2016-12-31T23:59:60Z", UTC) == bounds("2017-01-01T00:00:00Z", UTC)


@pytest.mark.parametrize(
    "text",
    ["", "24", "2024-13", "2024-02-30", "2024-1-1", "2024-01-01T25:00", "2024-01-01T10:00:61Z",
     "2024-01-01T", "tomorrow", "2024-01-01 10:00", "0000", "2024-01-01T10:00:00+1:00"],
)  # fmt: skip
def test_what_is_no_date_is_refused(search, text):
    with pytest.raises(ValueError):
        bounds(text, UTC)
    if text:
        with pytest.raises(Invalid, match=r"date: .* is not a date such as 2024"):
            search(f"Observation?date={text}")


def test_the_last_year_has_an_end():
    assert bounds("9999", UTC)[1] == LATEST
    assert bounds("9999-12-31", UTC)[1] == LATEST


def test_open_periods_reach_to_the_ends_of_time():
    site = Site()

    assert range_of("Period", {"start": "2024"}, site) == (bounds("2024", UTC)[0], LATEST)
    assert range_of("Period", {"end": "2024"}, site) == (EARLIEST, bounds("2024", UTC)[1])
    assert range_of("Period", {}, site) is None


def test_a_schedule_is_its_outer_limits():
    timing = {
        "event": ["2024-03-01", "2024-01-01"],
        "repeat": {"boundsPeriod": {"start": "2024-02-01", "end": "2024-04"}},
    }

    assert range_of("Timing", timing, Site()) == (
        bounds("2024-01-01", UTC)[0],
        bounds("2024-04", UTC)[1],
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("date=2024-05-17", True),
        ("date=2024-05", True),
        ("date=2024-05-17T10:00:00Z", False),
        ("date=eq2024", True),
        ("date=ne2024-05-17", False),
        ("date=ne2024-05-18", True),
        ("date=gt2024-05-16", True),
        ("date=gt2024-05-17", False),
        ("date=ge2024-05-17", True),
        ("date=lt2024-05-18", True),
        ("date=lt2024-05-17", False),
        ("date=le2024-05-17", True),
        ("date=sa2024-05-16", True),
        ("date=sa2024-05-17", False),
        ("date=eb2024-05-18", True),
        ("date=eb2024-06", True),
        ("date=ge2024-05-17&date=le2024-05-17", True),
        ("date=2023,2024", True),
        ("date:missing=true", False),
    ],
)
def test_a_day_compares_with_dates(found, query, expected):
    assert found(observation(effectiveDateTime="2024-05-17"), query) is expected


def test_a_running_period_goes_on(found):
    running = observation(effectivePeriod={"start": "2024-05-17"})

    assert found(running, "date=gt2090")
    assert found(running, "date=ge2024-05-17")
    assert not found(running, "date=lt2024")
    assert not found(running, "date=2024")


def test_about_a_date_is_a_tenth_of_its_age(found, monkeypatch):
    monkeypatch.setattr("fhirserver.clock.now", lambda: datetime(2024, 5, 17, tzinfo=UTC))

    assert found(observation(effectiveDateTime="2014-06-01"), "date=ap2014-12-01")
    assert not found(observation(effectiveDateTime="2012-06-01"), "date=ap2014-12-01")


def test_a_plus_that_became_a_space_is_a_plus(search):
    spaced = search("Observation?date=2024-05-17T10:00:00 02:00")

    assert spaced.condition == search("Observation?date=2024-05-17T10:00:00+02:00").condition
