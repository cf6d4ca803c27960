"""What a query may cost: points for what it says and what is found, and time.

A query is a program that a stranger sends, so nothing in it is done without being paid for first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from fhirserver import clock
from fhirserver.errors import TooCostly

RESOURCE: Final = 10
SEARCH: Final = 500
"""Points; a field of the query and a value of the answer are one each."""

_LOOK: Final = 256  # points between two looks at the clock


class Budget:
    """The points and the time that are left of one query."""

    def __init__(self, points: int, seconds: float) -> None:
        self.points = points
        self._left = points
        self._seconds = seconds
        self._end: datetime = clock.now() + timedelta(seconds=seconds)
        self._look_at = points

    def spend(self, points: int = 1) -> None:
        """Pay for something; raises TooCostly when there isn't enough left."""
        self._left -= points
        if self._left < 0:
            raise TooCostly(
                f"the query costs more than {self.points:,} points: ask for fewer fields, "
                "resources or searches at once"
            )
        if self._left <= self._look_at:
            self._look_at = self._left - _LOOK
            self.look()

    def look(self) -> None:
        """Look at the clock; raises TooCostly when the time is over."""
        if clock.now() > self._end:
            raise TooCostly(f"the query takes longer than {self._seconds:g} seconds: narrow it")
