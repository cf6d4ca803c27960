"""The shifts of the demo hospital, from seven to seven, and which one a replay begins with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fhirserver.demo.moment import HOUR, ZONE

LENGTH: Final = 12 * HOUR
STARTS: Final = 7
AHEAD: Final = 9 * HOUR
"""So much of a day lies behind us at least when its replay begins."""
_FIRST: Final = datetime(2026, 1, 1, STARTS, tzinfo=ZONE)


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift, by its number since the first of 2026: even ones are by day."""

    number: int

    @property
    def start(self) -> datetime:
        return _FIRST + self.number * LENGTH

    @property
    def end(self) -> datetime:
        return self.start + LENGTH

    @property
    def is_night(self) -> bool:
        return self.number % 2 == 1

    @property
    def name(self) -> str:
        """
        >>> Shift(1).name
        '2026-01-01 night'
        """
        return f"{self.start:%Y-%m-%d} {'night' if self.is_night else 'day'}"


def shift_at(moment: datetime) -> Shift:
    """The shift that goes on at a moment.

    >>> shift_at(datetime(2026, 1, 2, 6, 59, tzinfo=ZONE)).name
    '2026-01-01 night'
    """
    return Shift((moment - _FIRST) // LENGTH)


def beginning(now: datetime) -> Shift:
    """The shift that a replay begins with: the last that began at least nine hours ago.

    So what is replayed is at most 21 hours old, and results of it are still acted on.

    >>> beginning(datetime(2026, 1, 2, 17, 0, tzinfo=ZONE)).name
    '2026-01-02 day'
    """
    return shift_at(now - AHEAD)


def between(first: datetime, last: datetime) -> Iterator[Shift]:
    """The shifts that go on at any time from one moment to another."""
    for number in range(shift_at(first).number, shift_at(last).number + 1):
        yield Shift(number)


def minutes(count: float) -> timedelta:
    """So many minutes, to the second."""
    return timedelta(seconds=round(count * 60))
