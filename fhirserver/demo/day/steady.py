"""Chance without outliers: what is planned for a patient comes out of the measurements, too."""

from __future__ import annotations

from random import Random
from typing import Final

NARROW: Final = 0.5


class Steady(Random):
    """A source of chance whose normal distribution ends at half a standard deviation."""

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """The value, drawn back to within the limits."""
        drawn = super().gauss(0.0, 1.0)
        return mu + sigma * max(-NARROW, min(NARROW, drawn))
