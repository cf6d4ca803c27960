"""When which report is due."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fhirserver.reports.schedule import due


def periods(setting: str, now: datetime, zone: str = "UTC") -> list[tuple[str, str]]:
    return [(d.start.isoformat(), d.end.isoformat()) for d in due(setting, now, ZoneInfo(zone))]


@pytest.mark.parametrize(
    ("frequency", "now", "expected"),
    [
        ("daily", datetime(2026, 3, 1, 0, 0, tzinfo=UTC), ("2026-02-28", "2026-02-28")),
        ("daily", datetime(2026, 2, 28, 23, 59, tzinfo=UTC), ("2026-02-27", "2026-02-27")),
        ("weekly", datetime(2026, 3, 2, 1, 0, tzinfo=UTC), ("2026-02-23", "2026-03-01")),
        ("weekly", datetime(2026, 3, 1, 23, 0, tzinfo=UTC), ("2026-02-16", "2026-02-22")),
        ("monthly", datetime(2026, 1, 1, 0, 0, tzinfo=UTC), ("2025-12-01", "2025-12-31")),
        ("monthly", datetime(2024, 3, 31, 9, 0, tzinfo=UTC), ("2024-02-01", "2024-02-29")),
    ],
)
def test_the_last_period_that_is_over_is_due(
    frequency: str, now: datetime, expected: tuple[str, str]
) -> None:
    assert periods(f"{frequency}: admissions", now) == [expected]


def test_a_day_is_over_at_the_hospitals_midnight() -> None:
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    assert periods("daily: admissions", now, "Europe/Vienna") == [("2026-03-01", "2026-03-01")]


def test_readmissions_are_reported_when_thirty_days_have_passed() -> None:
    assert periods("monthly: readmission", datetime(2026, 3, 2, 9, tzinfo=UTC)) == [
        ("2025-12-01", "2025-12-31")
    ]
    assert periods("monthly: readmission", datetime(2026, 3, 4, 9, tzinfo=UTC)) == [
        ("2026-01-01", "2026-01-31")
    ]
