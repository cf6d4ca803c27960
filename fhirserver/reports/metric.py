"""A metric: a Measure in profiles/measures, the views that it looks at, and its SQL.

https://hl7.org/fhir/R4/measure.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from fhirserver import content, views
from fhirserver.model import json
from fhirserver.views.shipped import named

OURS: Final = "https://fhirserver.example"
FILTER: Final = f"{OURS}/StructureDefinition/measure-view-filter"
"""An extension of a relatedArtifact: which resources the view is asked for, as a search."""
UNIT: Final = f"{OURS}/StructureDefinition/measure-unit"
"""An extension of a Measure: the unit of its score, as a code of UCUM."""
DELAY: Final = f"{OURS}/StructureDefinition/measure-delay"
"""An extension of a Measure: how many days after a period all that counts is known."""
STATISTIC: Final = f"{OURS}/CodeSystem/metric-statistic"
GROUPING: Final = f"{OURS}/CodeSystem/metric-grouping"


@dataclass(frozen=True, slots=True)
class Source:
    """A view that a metric looks at; `criteria` narrow the resources, with {start} and {end}."""

    name: str
    view: views.View
    criteria: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """`derived` are tables that are made of the views', by name, in their order; `facts` selects
    day, ward, clinician, value, out_of and sources, a row for everything that counts."""

    measure: Mapping[str, Any]
    sources: tuple[Source, ...]
    derived: Mapping[str, str]
    facts: str

    @property
    def id(self) -> str:
        return str(self.measure["id"])

    @property
    def url(self) -> str:
        return str(self.measure["url"])

    @property
    def title(self) -> str:
        return str(self.measure["title"])

    @property
    def scoring(self) -> str:
        return str(self.measure["scoring"]["coding"][0]["code"])

    @property
    def unit(self) -> str | None:
        found = (e for e in self.measure.get("extension", ()) if e["url"] == UNIT)
        return next((str(e["valueCode"]) for e in found), None)

    @property
    def delay(self) -> int:
        found = (e for e in self.measure.get("extension", ()) if e["url"] == DELAY)
        return next((int(e["valueInteger"]) for e in found), 0)

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.measure["group"]
        return found


@cache
def metrics() -> Mapping[str, Metric]:
    """The metrics that come with the server, by their ids."""
    folder = content.folder("profiles") / "measures"
    found = [
        _metric(json.parse_object(f.read_bytes()), folder) for f in sorted(folder.glob("*.json"))
    ]
    return {m.id: m for m in found}


def metric(text: str) -> Metric | None:
    """The metric with this id, `Measure/` and this id, or this canonical address."""
    known = metrics()
    name = text.removeprefix("Measure/")
    if name in known:
        return known[name]
    return next((m for m in known.values() if m.url == text.partition("|")[0]), None)


def _metric(measure: Mapping[str, Any], folder: Path) -> Metric:
    sources, derived = [], {}
    for artifact in measure["relatedArtifact"]:
        if artifact["type"] != "depends-on":
            continue
        name = artifact["resource"].rpartition("/")[2]
        if "/ViewDefinition/" in artifact["resource"]:
            view = named(artifact["resource"])
            if view is None:
                raise LookupError(f"{measure['id']} needs the view {name}")
            sources.append(Source(name, views.read(view), _criteria(artifact)))
        else:
            derived[name] = (folder / "sql" / f"{name}.sql").read_text()
    return Metric(
        measure, tuple(sources), derived, (folder / "sql" / f"{measure['id']}.sql").read_text()
    )


def _criteria(artifact: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = (e["valueString"] for e in artifact.get("extension", ()) if e["url"] == FILTER)
    pairs = (p.partition("=") for text in found for p in text.split("&"))
    return tuple((name, value) for name, _, value in pairs)
