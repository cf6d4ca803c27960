"""`$closure`: keeps up a client's table of which of its codes is below which.

https://hl7.org/fhir/R4/terminology-service.html#closure,
https://hl7.org/fhir/R4/conceptmap-operation-closure.html
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from fhirserver import clock, ids
from fhirserver.errors import Invalid, TooCostly, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import answer, shelf_of
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.model.resource import Resource
from fhirserver.storage import closures
from fhirserver.storage.closures import Closure, Entry, Placed
from fhirserver.storage.content import instant
from fhirserver.terminology.ancestors import ancestors
from fhirserver.terminology.content import CodeSystem
from fhirserver.terminology.options import Options
from fhirserver.terminology.scope import Scope

MOST_AT_ONCE: Final = 1_000
_LONGEST_NAME: Final = 255


@operation(
    "closure",
    definition=f"{HL7}/ConceptMap-closure",
    levels=["system"],
    parameters=[
        Parameter("name", "string", min=1),
        Parameter("concept", "Coding", max=None),
        Parameter("version", "string"),
    ],
    affects_state=True,
)
def closure(ctx: Context, call: Call) -> FhirResponse:
    """A ConceptMap with the entries that the client's table lacks."""
    name = call.inputs.text("name") or ""
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise Invalid(f"name must have between 1 and {_LONGEST_NAME} characters")
    database, owner = ctx.store.database, call.principal.subject
    concepts: Sequence[Resource] = call.inputs.all("concept")
    version = call.inputs.text("version")
    if version is not None:
        if concepts:
            raise Invalid("either concept or version: one adds, the other asks again")
        if not version.isascii() or not version.isdigit() or len(version) > 9:
            raise Invalid("version must be one that $closure has given")
        return answer(_map(name, closures.since(database, owner, name, int(version))))
    if not concepts:
        return answer(_map(name, closures.begin(database, owner, name)))
    if len(concepts) > MOST_AT_ONCE:
        raise TooCostly(f"$closure takes up to {MOST_AT_ONCE} concepts at once")
    placed, systems = _placed(Scope(shelf_of(ctx, call), Options()), concepts)
    return answer(_map(name, closures.add(database, owner, name, placed, systems)))


def _placed(scope: Scope, concepts: Sequence[Resource]) -> tuple[list[Placed], dict[str, str]]:
    """The concepts with what is above them, and the versions of their code systems."""
    found: dict[str, CodeSystem] = {}
    steps: dict[str, dict[str, Sequence[str]]] = {}
    placed = []
    for number, coding in enumerate(concepts):
        url, code = coding.get("system"), coding.get("code")
        place = f"Parameters.parameter.where(name='concept')[{number}]"
        if not url or not code:
            raise Invalid("a concept needs a system and a code", expression=place)
        system = scope.find_system(url, coding.get("version"))
        if system is None:
            raise Unprocessable("this code system isn't here", expression=place)
        if found.setdefault(url, system).version != system.version:
            raise Invalid("a closure table has one version of a code system", expression=place)
        concept = system.concept(code)
        if concept is None:
            raise Unprocessable("its code system doesn't have this code", expression=place)
        above = ancestors(system, concept.code, steps.setdefault(url, {}))
        placed.append(Placed(url, concept.code, above))
    return placed, {url: system.version or "" for url, system in found.items()}


def _map(name: str, found: Closure) -> Resource:
    made: Resource = {
        "resourceType": "ConceptMap",
        "id": ids.new(),
        "version": str(found.version),
        "name": name,
        "status": "active",
        "experimental": True,
        "date": instant(clock.now()),
    }
    groups = [
        _group(system, list(entries), found.systems.get(system))
        for system, entries in groupby(found.entries, key=lambda e: e.system)
    ]
    return made | ({"group": groups} if groups else {})


def _group(system: str, entries: list[Entry], version: str | None) -> Resource:
    """Each code with the codes that subsume it."""
    made: Resource = {"source": system, "target": system}
    if version:
        made |= {"sourceVersion": version, "targetVersion": version}
    made["element"] = [
        {"code": code, "target": [{"code": e.ancestor, "equivalence": "subsumes"} for e in same]}
        for code, same in groupby(entries, key=lambda e: e.code)
    ]
    return made
