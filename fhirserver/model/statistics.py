"""The statistics of $stats over measurements in time. Pure.

https://hl7.org/fhir/R4/valueset-observation-statistics.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

MICROSECONDS_AN_HOUR: Final = 3_600_000_000


class Measured(NamedTuple):
    """A value and when it was measured, in microseconds since 1970; None when nobody knows."""

    value: Decimal
    at: int | None


Statistic = Callable[[Sequence[Measured]], Decimal | None]
"""None where so few, or such, values have no such statistic."""


def _values(measured: Sequence[Measured]) -> list[Decimal]:
    return sorted(m.value for m in measured)


def average(measured: Sequence[Measured]) -> Decimal | None:
    return sum(_values(measured), Decimal()) / len(measured) if measured else None


def quantile(part: str) -> Statistic:
    """The value below which a part of the values lies, between two of them by proportion.

    >>> quantile("0.5")([Measured(Decimal(1), None), Measured(Decimal(2), None)])
    Decimal('1.5')
    """

    def find(measured: Sequence[Measured]) -> Decimal | None:
        values = _values(measured)
        if not values:
            return None
        place = (len(values) - 1) * Decimal(part)
        low = int(place)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (place - low)

    return find


def variance(measured: Sequence[Measured]) -> Decimal | None:
    """Of a sample: divided by one less than there are."""
    return _moment(measured, 2) * len(measured) / (len(measured) - 1) if len(measured) > 1 else None


def deviation(measured: Sequence[Measured]) -> Decimal | None:
    found = variance(measured)
    return None if found is None else found.sqrt()


def quartile_deviation(measured: Sequence[Measured]) -> Decimal | None:
    upper, lower = quantile("0.75")(measured), quantile("0.25")(measured)
    return None if upper is None or lower is None else (upper - lower) / 2


def skew(measured: Sequence[Measured]) -> Decimal | None:
    spread = _moment(measured, 2) if measured else Decimal()
    return _moment(measured, 3) / (spread * spread.sqrt()) if spread else None


def kurtosis(measured: Sequence[Measured]) -> Decimal | None:
    """The fourth standardized moment: 3 for a normal distribution."""
    spread = _moment(measured, 2) if measured else Decimal()
    return _moment(measured, 4) / (spread * spread) if spread else None


def _moment(measured: Sequence[Measured], power: int) -> Decimal:
    middle = average(measured)
    assert middle is not None
    return sum(((m.value - middle) ** power for m in measured), Decimal()) / len(measured)


def regression(measured: Sequence[Measured]) -> tuple[Decimal, Decimal] | None:
    """The slope an hour, and the value at the first measurement, of the line through the values."""
    timed = [m for m in measured if m.at is not None]
    if not timed:
        return None
    start = min(m.at for m in timed if m.at is not None)
    points = [(Decimal((m.at or 0) - start) / MICROSECONDS_AN_HOUR, m.value) for m in timed]
    middle_x = sum((x for x, _ in points), Decimal()) / len(points)
    middle_y = sum((y for _, y in points), Decimal()) / len(points)
    spread = sum(((x - middle_x) ** 2 for x, _ in points), Decimal())
    if not spread:
        return None
    slope = sum(((x - middle_x) * (y - middle_y) for x, y in points), Decimal()) / spread
    return slope, middle_y - slope * middle_x


STATISTICS: Final[Mapping[str, Statistic]] = {
    "average": average,
    "maximum": lambda m: max(_values(m), default=None),
    "minimum": lambda m: min(_values(m), default=None),
    "median": quantile("0.5"),
    "std-dev": deviation,
    "sum": lambda m: sum(_values(m), Decimal()) if m else None,
    "variance": variance,
    "20-percent": quantile("0.2"),
    "80-percent": quantile("0.8"),
    "4-lower": quantile("0.25"),
    "4-upper": quantile("0.75"),
    "4-dev": quartile_deviation,
    "5-1": quantile("0.2"),
    "5-2": quantile("0.4"),
    "5-3": quantile("0.6"),
    "5-4": quantile("0.8"),
    "skew": skew,
    "kurtosis": kurtosis,
}
"""Those that are one number; `count` and `total-count` count, `regression` is a line."""

POWER: Final[Mapping[str, int]] = {"variance": 2, "skew": 0, "kurtosis": 0}
"""The power of the values' unit that a statistic has, where it isn't 1."""
