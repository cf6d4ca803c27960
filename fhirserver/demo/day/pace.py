"""The clock of a demo day: quicker than the one on the wall until it has caught up with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """At `wall` the demo day stood at `day`; since then it goes `speed` times as fast.

    It never goes ahead of the wall, so nothing is written that lies in the future.

    >>> from datetime import timedelta
    >>> eight, hour = datetime(2026, 1, 2, 8), timedelta(hours=1)
    >>> pace = Pace(wall=eight, day=eight - 10 * hour, speed=60)
    >>> pace.moment(eight).hour, pace.moment(eight + hour / 12).hour, pace.moment(eight + hour).hour
    (22, 3, 9)
    """

    wall: datetime
    day: datetime
    speed: float

    def moment(self, now: datetime) -> datetime:
        """The moment of the demo day."""
        return min(now, self.day + (now - self.wall) * self.speed)

    def seconds_until(self, moment: datetime, now: datetime) -> float:
        """How many seconds on the wall there are until that moment of the demo day."""
        behind = (moment - self.moment(now)).total_seconds()
        return max(0.0, behind / self.speed, (moment - now).total_seconds())
