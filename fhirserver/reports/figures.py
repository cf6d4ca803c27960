"""The figures of a metric, as the database gives them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

PLACES: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one group of facts; `by` is '' for all of them, else day, ward, clinician.

    `member` is the day, or the key of the ward or clinician; None where it isn't known.
    """

    by: str
    member: str | None
    count: int
    value: Decimal
    out_of: Decimal
    mean: Decimal | None
    median: Decimal | None
    p90: Decimal | None

    def score(self, statistic: str) -> Decimal | None:
        """One statistic; None where there is nothing that it could be about."""
        match statistic:
            case "count":
                return Decimal(self.count)
            case "proportion" | "ratio":
                return None if not self.out_of else rounded(self.value / self.out_of)
            case "mean":
                return None if self.mean is None else rounded(self.mean)
            case "median":
                return None if self.median is None else rounded(self.median)
            case "p90":
                return None if self.p90 is None else rounded(self.p90)
        raise ValueError(statistic)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that counts; `sources` are the keys of the resources that it was read from."""

    day: str | None
    ward: str | None
    clinician: str | None
    value: Decimal
    sources: tuple[str, ...]


def facts_of(rows: Iterable[Sequence[Any]]) -> list[Fact]:
    """The facts of storage.metric_tables."""
    return [
        Fact(day, ward, clinician, value, tuple(sources))
        for day, ward, clinician, value, sources in rows
    ]


def figures_of(rows: Iterable[Sequence[Any]]) -> list[Figures]:
    """The rows of storage.metric_tables."""
    return [Figures(*row) for row in rows]


def rounded(value: Decimal) -> Decimal:
    """To four places, without the noughts that say nothing."""
    found = value.quantize(PLACES, ROUND_HALF_EVEN).normalize()
    return found if int(found.as_tuple().exponent) <= 0 else found.quantize(Decimal(1))
