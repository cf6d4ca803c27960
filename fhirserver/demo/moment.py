"""The hospital's calendar: Phoenix, Arizona, where clocks never change (UTC-7)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

ZONE: Final = timezone(timedelta(hours=-7))
TODAY: Final = date(2026, 11, 23)
MORNING: Final = time(6, 0, tzinfo=ZONE)
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)


def now(today: date | None) -> datetime:
    """The minute the record ends: that datetime, or six in the morning of that date.

    >>> now(date(2026, 1, 2)).isoformat()
    '2026-01-02T06:00:00-07:00'
    """
    if isinstance(today, datetime):
        local = today.astimezone(ZONE) if today.tzinfo else today.replace(tzinfo=ZONE)
        return local.replace(second=0, microsecond=0)
    return datetime.combine(today or TODAY, MORNING)


def midnight(moment: datetime) -> datetime:
    """The start of that day."""
    return moment.replace(hour=0, minute=0)


def working_hours(moment: datetime, hour: int, minute: int = 0) -> datetime:
    """That hour of the day, or of the Friday before when the day is on a weekend."""
    back = max(0, moment.weekday() - 4)
    return moment.replace(hour=hour, minute=minute, second=0) - DAY * back


def day(moment: datetime) -> str:
    """A FHIR date."""
    return moment.isoformat()[:10]


def stamp(moment: datetime) -> str:
    """A FHIR dateTime or instant, to the second, with its offset."""
    return moment.isoformat(timespec="seconds")


def years(count: float) -> timedelta:
    """That many years, near enough for a medical history."""
    return timedelta(days=round(count * 365.25))
