"""Which reports are due: the last day, week or month that is over.

The setting says what is made how often: `daily: occupancy; monthly: admissions no-show`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Literal, cast

from fhirserver.errors import Invalid
from fhirserver.reports.metric import OURS, Metric, metrics

Frequency = Literal["daily", "weekly", "monthly"]
FREQUENCIES: Final = frozenset({"daily", "weekly", "monthly"})
IDENTIFIERS: Final = f"{OURS}/scheduled-report"


@dataclass(frozen=True, slots=True)
class Due:
    """A report to be made of the days from `start` to `end`, both included."""

    metric: Metric
    frequency: Frequency
    start: date
    end: date

    @property
    def key(self) -> str:
        """What tells it from every other: the value of its identifier."""
        return f"{self.metric.id}/{self.frequency}/{self.start.isoformat()}"


def planned(setting: str) -> list[tuple[Frequency, str]]:
    """The metrics that a setting names, with how often.

    >>> planned("daily: occupancy admissions; monthly: no-show")
    [('daily', 'occupancy'), ('daily', 'admissions'), ('monthly', 'no-show')]
    """
    found: list[tuple[Frequency, str]] = []
    for part in filter(None, (p.strip() for p in setting.split(";"))):
        frequency, _, names = part.partition(":")
        if frequency.strip() not in FREQUENCIES or not names.strip():
            raise Invalid("scheduled reports are written as 'daily: occupancy; monthly: no-show'")
        for name in names.replace(",", " ").split():
            if name not in metrics():
                raise Invalid(f"there is no metric {name[:50]!r}: there are {', '.join(metrics())}")
            found.append((cast(Frequency, frequency.strip()), name))
    return found


def due(setting: str, now: datetime, zone: tzinfo) -> list[Due]:
    """The last report of each that is planned; older ones that were never made aren't caught up."""
    made = []
    for frequency, name in planned(setting):
        metric = metrics()[name]
        today = now.astimezone(zone).date() - timedelta(days=metric.delay)
        start, end = _last(frequency, today)
        made.append(Due(metric, frequency, start, end))
    return made


def _last(frequency: Frequency, today: date) -> tuple[date, date]:
    """The last day, week (from Monday) or month that was over before today began."""
    match frequency:
        case "daily":
            day = today - timedelta(days=1)
            return day, day
        case "weekly":
            monday = today - timedelta(days=today.weekday() + 7)
            return monday, monday + timedelta(days=6)
        case "monthly":
            last = today.replace(day=1) - timedelta(days=1)
            return last.replace(day=1), last
