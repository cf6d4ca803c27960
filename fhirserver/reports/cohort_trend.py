"""A measured value of many patients over time: median and quartiles of each day, week or month.

Every patient counts once in a span, with the median of their values in it, so that who is measured
often doesn't count more. Quartiles are interpolated between the nearest values (Hyndman and Fan,
Sample Quantiles in Statistical Packages, 1996, type 7), as spreadsheets do; nothing is rounded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from fhirserver.model import ucum

By = Literal["day", "week", "month"]
STEPS: Final[tuple[By, ...]] = ("day", "week", "month")
_HALF: Final = Decimal("0.5")
_QUARTER: Final = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of a patient, of a day by the hospital's clock; `unit` is UCUM's code if known."""

    patient: str
    day: date
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Span:
    """What was measured from `start` to `end`, both included; `members` are patients' medians."""

    start: date
    end: date
    values: int
    members: tuple[tuple[str, Decimal], ...]

    def quantile(self, share: Decimal) -> Decimal:
        """The value below which that share of the patients lies."""
        return quantile([v for _, v in self.members], share)

    @property
    def median(self) -> Decimal:
        return self.quantile(_HALF)

    @property
    def quartiles(self) -> tuple[Decimal, Decimal]:
        return self.quantile(_QUARTER), self.quantile(1 - _QUARTER)


@dataclass(frozen=True, slots=True)
class Trend:
    """`unit` is that of the figures; `left_out` counts values in units that don't convert to it."""

    unit: str
    spans: tuple[Span, ...]
    left_out: tuple[tuple[str, int], ...]


def quantile(values: Iterable[Decimal], share: Decimal) -> Decimal:
    """The quantile of at least one value.

    >>> quantile([Decimal(1), Decimal(2), Decimal(4), Decimal(10)], Decimal("0.25"))
    Decimal('1.75')
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    part = place - low
    if not part:
        return ordered[low]
    return ordered[low] + part * (ordered[low + 1] - ordered[low])


def trend(readings: Iterable[Reading], by: By, unit: str | None = None) -> Trend:
    """The trend in one unit: the one asked for, else that of most values.

    Values in other units are converted by UCUM where that is possible without knowing the
    substance. Spans without values are left out.
    """
    found = list(readings)
    units = Counter(r.unit for r in found)
    if unit is None:
        unit = min(units, key=lambda u: (-units[u], u), default="")
    left_out: Counter[str] = Counter()
    grouped: dict[tuple[date, date], dict[str, list[Decimal]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for reading in found:
        same = reading.unit == unit
        value = reading.value if same else ucum.convert(reading.value, reading.unit, unit)
        if value is None:
            left_out[reading.unit] += 1
        else:
            grouped[around(reading.day, by)][reading.patient].append(value)
    return Trend(unit, tuple(_spans(grouped)), tuple(sorted(left_out.items())))


def around(day: date, by: By) -> tuple[date, date]:
    """The day, week (from Monday) or month that a day lies in: its first and its last day.

    >>> around(date(2026, 2, 11), "month")
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    match by:
        case "day":
            return day, day
        case "week":
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=6)
        case "month":
            first = day.replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
            return first, following - timedelta(days=1)


def _spans(grouped: dict[tuple[date, date], dict[str, list[Decimal]]]) -> Iterator[Span]:
    for start, end in sorted(grouped):
        patients = grouped[start, end]
        members = _members(patients)
        yield Span(start, end, sum(len(v) for v in patients.values()), tuple(members))


def _members(patients: dict[str, list[Decimal]]) -> Sequence[tuple[str, Decimal]]:
    medians = {p: quantile(v, _HALF) for p, v in patients.items()}
    return sorted(medians.items(), key=lambda m: (m[1], m[0]))
