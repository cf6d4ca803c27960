"""The National Early Warning Score 2: how ill an adult is, from seven bedside measurements.

The chart is the Royal College of Physicians': a score with other bands is no NEWS2, so it is a
table here and nothing that a site sets.

Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017, chart 1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

PARAMETERS: Final = (
    "respiration", "saturation", "oxygen", "systolic", "pulse", "consciousness", "temperature",
)  # fmt: skip

_Bands = tuple[tuple[str, int], ...]
_ABOVE: Final = "Infinity"
# Each band ends with the highest value that it holds.
CHART: Final[Mapping[str, _Bands]] = {
    "respiration": (("8", 3), ("11", 1), ("20", 0), ("24", 2), (_ABOVE, 3)),
    "saturation": (("91", 3), ("93", 2), ("95", 1), (_ABOVE, 0)),
    "systolic": (("90", 3), ("100", 2), ("110", 1), ("219", 0), (_ABOVE, 3)),
    "pulse": (("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), (_ABOVE, 3)),
    "temperature": (("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), (_ABOVE, 2)),
}
# For those whose target is 88 to 92 %, because of hypercapnic respiratory failure.
SCALE_2_AIR: Final[_Bands] = (("83", 3), ("85", 2), ("87", 1), (_ABOVE, 0))
SCALE_2_OXYGEN: Final[_Bands] = (
    ("83", 3), ("85", 2), ("87", 1), ("92", 0), ("94", 1), ("96", 2), (_ABOVE, 3),
)  # fmt: skip
ON_OXYGEN: Final = 2
NOT_ALERT: Final = 3
# The chart knows whole numbers, and tenths of a degree.
_STEP: Final = {"temperature": Decimal("0.1")}

_FAR: Final = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Vitals:
    """Measurements of one time: per minute, %, mmHg, degrees Celsius; None is not measured."""

    respiration: Decimal | None = None
    saturation: Decimal | None = None
    on_oxygen: bool = False
    systolic: Decimal | None = None
    pulse: Decimal | None = None
    is_alert: bool | None = None
    temperature: Decimal | None = None
    is_scale_2: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """`parts` has the points of what was measured; the whole is no less than `total`."""

    parts: Mapping[str, int]

    @property
    def total(self) -> int:
        """The aggregate score, of what was measured."""
        return sum(self.parts.values())

    @property
    def missing(self) -> tuple[str, ...]:
        """What was not measured."""
        return tuple(p for p in PARAMETERS if p not in self.parts)

    def reds(self, points: int = 3) -> tuple[str, ...]:
        """The single measurements that alone have so many points."""
        return tuple(p for p in PARAMETERS if self.parts.get(p, 0) >= points)


def score(vitals: Vitals) -> Score:
    """The points of each measurement.

    >>> score(Vitals(Decimal(25), Decimal(96), False, Decimal(120), Decimal(80), True)).total
    3
    """
    parts = {"oxygen": ON_OXYGEN if vitals.on_oxygen else 0}
    for name, bands in CHART.items():
        value: Decimal | None = getattr(vitals, name)
        if value is None:
            continue
        if name == "saturation" and vitals.is_scale_2:
            bands = SCALE_2_OXYGEN if vitals.on_oxygen else SCALE_2_AIR
        parts[name] = _points(name, value, bands)
    if vitals.is_alert is not None:
        parts["consciousness"] = 0 if vitals.is_alert else NOT_ALERT
    return Score(parts)


def _points(name: str, value: Decimal, bands: _Bands) -> int:
    # Far beyond the chart there is nothing to round.
    rounded = max(min(value, _FAR), -_FAR).quantize(_STEP.get(name, Decimal(1)), ROUND_HALF_UP)
    return next(points for most, points in bands if rounded <= Decimal(most))
