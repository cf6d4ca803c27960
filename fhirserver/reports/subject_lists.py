"""What the populations of a report are made of: Lists that it contains.

https://hl7.org/fhir/R4/measurereport-definitions.html#MeasureReport.group.population.subjectResults
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.reports.figures import Fact, rounded
from fhirserver.reports.metric import OURS, Metric

FACT: Final = f"{OURS}/StructureDefinition/measure-fact"
"""An extension of a List's entry: `day`, `ward`, `clinician`, and the `value` of what counts."""
UCUM: Final = "http://unitsofmeasure.org"


def with_lists(report: Resource, metric: Metric, facts: Sequence[Fact]) -> Resource:
    """The report with a List for each population of the whole.

    A ratio's denominator has none: it is made of days, not of records.
    """
    populations = {
        p["code"]["coding"][0]["code"] for g in report["group"] for p in g.get("population", ())
    }
    lists = {
        code: _list(code, metric, [f for f in facts if _is_in(code, f)])
        for code in sorted(populations)
        if not (code == "denominator" and metric.scoring == "ratio")
    }
    groups = [
        {
            **group,
            "population": [
                {**p, "subjectResults": {"reference": f"#{code}"}}
                if (code := p["code"]["coding"][0]["code"]) in lists
                else p
                for p in group["population"]
            ],
        }
        if "population" in group
        else group
        for group in report["group"]
    ]
    if not lists:
        return report
    return {**report, "contained": list(lists.values()), "group": groups}


def _is_in(population: str, fact: Fact) -> bool:
    return population != "numerator" or fact.value > 0


def _list(population: str, metric: Metric, facts: Sequence[Fact]) -> Resource:
    made: Resource = {
        "resourceType": "List",
        "id": population,
        "status": "current",
        "mode": "snapshot",
    }
    entries = [_entry(source, metric, fact) for fact in facts for source in fact.sources]
    return made | ({"entry": entries} if entries else {})


def _entry(source: str, metric: Metric, fact: Fact) -> Resource:
    told: list[dict[str, Any]] = []
    if fact.day is not None:
        told.append({"url": "day", "valueDate": fact.day})
    if fact.ward is not None:
        told.append({"url": "ward", "valueReference": {"reference": fact.ward}})
    if fact.clinician is not None:
        told.append({"url": "clinician", "valueReference": {"reference": fact.clinician}})
    # Of a mean each has its own; a ratio's is shared by all who lay there.
    if metric.scoring == "continuous-variable":
        quantity = {"value": rounded(fact.value), "system": UCUM, "code": metric.unit or "1"}
        told.append({"url": "value", "valueQuantity": quantity})
    entry: Resource = {"item": {"reference": source}}
    return ({"extension": [{"url": FACT, "extension": told}]} if told else {}) | entry
