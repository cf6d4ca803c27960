"""Figures as a MeasureReport: a group for each statistic, with strata by day, ward and clinician.

https://hl7.org/fhir/R4/measurereport.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.reports.figures import Fact, Figures, rounded
from fhirserver.reports.metric import GROUPING, Metric
from fhirserver.reports.subject_lists import with_lists

UCUM: Final = "http://unitsofmeasure.org"
POPULATIONS: Final = "http://terminology.hl7.org/CodeSystem/measure-population"
UNKNOWN: Final = "unknown"


def measure_report(
    metric: Metric,
    figures: Sequence[Figures],
    names: Mapping[str, str],
    *,
    start: str,
    end: str,
    date: str,
    facts: Sequence[Fact] | None = None,
) -> Resource:
    """The report of a metric; `names` are those of wards and clinicians, by their keys.

    With `facts` it is a subject-list: its populations refer to Lists that it contains.
    """
    made: Resource = {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary" if facts is None else "subject-list",
        "measure": metric.url,
        "date": date,
        "period": {"start": start, "end": end},
        "group": [_group(metric, group, figures, names) for group in metric.groups],
    }
    return made if facts is None else with_lists(made, metric, facts)


def _group(
    metric: Metric,
    group: Mapping[str, Any],
    figures: Sequence[Figures],
    names: Mapping[str, str],
) -> Resource:
    statistic = group["code"]["coding"][0]["code"]
    whole = next((f for f in figures if f.by == ""), None)
    made: Resource = {"code": group["code"]}
    if whole is not None:
        made |= _scored(metric, whole, statistic)
    strata = []
    for stratifier in group.get("stratifier", ()):
        by = stratifier["code"]["coding"][0]["code"]
        found = [
            {"value": _value(by, f.member, names), **_scored(metric, f, statistic)}
            for f in figures
            if f.by == by
        ]
        if found:
            strata.append({"code": [stratifier["code"]], "stratum": found})
    if strata:
        made["stratifier"] = strata
    return made


def _scored(metric: Metric, figures: Figures, statistic: str) -> Resource:
    made: Resource = {
        "population": [
            {"code": {"coding": [{"system": POPULATIONS, "code": code}]}, "count": count}
            for code, count in _populations(metric.scoring, figures)
        ]
    }
    score = figures.score(statistic)
    if score is not None:
        made["measureScore"] = _quantity(score, metric.unit if statistic != "count" else "1")
    return made


def _populations(scoring: str, figures: Figures) -> list[tuple[str, int]]:
    match scoring:
        case "proportion" | "ratio":
            return [
                ("denominator", _whole(figures.out_of)),
                ("numerator", _whole(figures.value)),
            ]
        case "continuous-variable":
            return [("measure-population", figures.count)]
    return [("initial-population", figures.count)]


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value())


def _quantity(value: Decimal, unit: str | None) -> Resource:
    return {"value": rounded(value), "system": UCUM, "code": unit or "1"}


def _value(by: str, member: str | None, names: Mapping[str, str]) -> Resource:
    if member is None:
        return {"text": UNKNOWN}
    if by == "day":
        return {"text": member}
    return {"coding": [{"system": f"{GROUPING}/{by}", "code": member}],
            "text": names.get(member, member)}  # fmt: skip
