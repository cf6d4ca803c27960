"""A MeasureReport as a table that people read: a row for each figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.reports.metric import metric

HEADER: Final = ("Figure", "By", "Group", "Value", "Unit", "Counted", "Out of")
_COUNTED: Final = ("initial-population", "measure-population", "numerator")
_OUT_OF: Final = ("denominator",)

Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class ReportTable:
    """`title` is the metric's, `description` what it counts; each row has the cells of HEADER."""

    title: str
    description: str
    start: str
    end: str
    made: str
    rows: tuple[tuple[Cell, ...], ...]


def table(report: Resource) -> ReportTable:
    """The table of a report; of a measure that isn't ours, with its address as the title."""
    address = str(report.get("measure", ""))
    known = metric(address)
    period = report.get("period", {})
    return ReportTable(
        address if known is None else known.title,
        "" if known is None else str(known.measure["description"]),
        str(period.get("start", "")),
        str(period.get("end", "")),
        str(report.get("date", "")),
        tuple(row for group in report.get("group", ()) for row in _rows(group)),
    )


def _rows(group: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    figure = _text(group.get("code", {}))
    yield (figure, "all", "", *_scored(group))
    for stratifier in group.get("stratifier", ()):
        by = _text(next(iter(stratifier.get("code", ())), {}))
        for stratum in stratifier.get("stratum", ()):
            yield (figure, by, _text(stratum.get("value", {})), *_scored(stratum))


def _scored(scored: Mapping[str, Any]) -> tuple[Cell, ...]:
    score = scored.get("measureScore", {})
    unit = str(score.get("unit") or score.get("code") or "")
    return (
        score.get("value"),
        "" if unit == "1" else unit,
        _count(scored, _COUNTED),
        _count(scored, _OUT_OF),
    )


def _count(scored: Mapping[str, Any], wanted: tuple[str, ...]) -> int | None:
    for population in scored.get("population", ()):
        codes = [c.get("code") for c in population.get("code", {}).get("coding", ())]
        if any(c in wanted for c in codes):
            found: int | None = population.get("count")
            return found
    return None


def _text(concept: Mapping[str, Any]) -> str:
    coding: Mapping[str, Any] = next(iter(concept.get("coding", ())), {})
    return str(concept.get("text") or coding.get("display") or coding.get("code") or "")
