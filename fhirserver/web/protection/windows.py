"""How much each caller has used of late: sliding windows, counted in this process.

What fell into the window before counts by the share of it that is still in sight, so nobody gets
twice the limit around the turn of a minute. What other processes counted is added from time to
time (exchange.py); until then they are not known here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fhirserver import clock

WINDOW_SECONDS: Final = 60.0
MOST_KEYS: Final = 50_000

Key = tuple[str, ...]


@dataclass(slots=True)
class _Count:
    number: int
    """Of the window."""
    current: float = 0.0
    previous: float = 0.0
    untold: float = 0.0
    """What the others haven't been told."""


def wall_clock() -> float:
    """Seconds since 1970: all processes must agree on when a window starts."""
    return clock.now().timestamp()


class Windows:
    """Counts by key."""

    def __init__(self, now: Callable[[], float] = wall_clock) -> None:
        self._now = now
        self._counts: dict[Key, _Count] = {}
        self._lock = threading.Lock()

    def spend(self, key: Key, limit: float, amount: float = 1.0) -> float:
        """Count an amount if it is within the limit; how many seconds to wait where it isn't.

        What is refused isn't counted, or who asks too often would never get through again.
        """
        now = self._now()
        with self._lock:
            count = self._at(key, now)
            wait = _wait(count, now, limit - amount)
            if wait <= 0:
                count.current += amount
                count.untold += amount
        return wait

    def charge(self, key: Key, amount: float) -> None:
        """Count an amount that is spent already."""
        self.spend(key, float("inf"), amount)

    def wait(self, key: Key, limit: float) -> float:
        """How many seconds until something of the limit is left; 0 when there is."""
        if key not in self._counts:
            return 0.0
        now = self._now()
        with self._lock:
            return _wait(self._at(key, now), now, limit)

    def untold(self) -> dict[Key, tuple[int, float]]:
        """The window and the amount that was counted here since this was last asked."""
        with self._lock:
            found = {k: (c.number, c.untold) for k, c in self._counts.items() if c.untold}
            for key in found:
                self._counts[key].untold = 0.0
        return found

    def told(self, totals: Mapping[Key, tuple[int, float]]) -> None:
        """Take over what all processes together have counted."""
        with self._lock:
            for key, (number, total) in totals.items():
                count = self._counts.get(key)
                if count is not None and count.number == number:
                    count.current = max(count.current, total + count.untold)

    def take_back(self, amounts: Mapping[Key, tuple[int, float]]) -> None:
        """Keep amounts to be told later: telling them failed."""
        with self._lock:
            for key, (number, amount) in amounts.items():
                count = self._counts.get(key)
                if count is not None and count.number == number:
                    count.untold += amount

    def _at(self, key: Key, now: float) -> _Count:
        number = int(now // WINDOW_SECONDS)
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= MOST_KEYS:
                self._forget(number)
            count = self._counts[key] = _Count(number)
        elif count.number != number:
            count.previous = count.current if count.number == number - 1 else 0.0
            count.number, count.current, count.untold = number, 0.0, 0.0
        return count

    def _forget(self, number: int) -> None:
        """Make room: by what is over, or by everything when a flood of callers filled it."""
        self._counts = {k: c for k, c in self._counts.items() if c.number >= number - 1}
        if len(self._counts) >= MOST_KEYS:
            self._counts.clear()


def _wait(count: _Count, now: float, room: float) -> float:
    """Seconds until no more than `room` is in sight."""
    passed = now % WINDOW_SECONDS / WINDOW_SECONDS
    if count.previous * (1 - passed) + count.current <= room:
        return 0.0
    if count.current <= room:
        return (1 - (room - count.current) / count.previous - passed) * WINDOW_SECONDS
    # Not in this window: in the next, what is current now is what fades.
    fades = 1 - max(room, 0.0) / count.current
    return (1 - passed + fades) * WINDOW_SECONDS
