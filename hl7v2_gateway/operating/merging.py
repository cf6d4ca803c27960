"""Merges of HL7 v2 messages (A34, A39, A40 and others), carried out by Patient/$merge.

It may be done again for the same message: who has been merged is merged already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import MultipleMatches, NotFound
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from hl7v2_gateway.operating.conversions import Merging


def carry_out(engine: Engine, principal: Principal, merges: Sequence[Merging]) -> list[str]:
    """Merge, in order; what there is to say about it, without patient data."""
    notes: list[str] = []
    for one in merges:
        if one.kind != "Patient":
            notes.append(f"{one.kind} isn't merged: only patients are")
            continue
        notes += _patients(engine, principal, one)
    return notes


def _patients(engine: Engine, principal: Principal, wanted: Merging) -> list[str]:
    retired = found(engine, principal, "Patient", wanted.retired)
    survivor = found(engine, principal, "Patient", wanted.survivor)
    if not survivor:
        raise NotFound("the patient that is to stay isn't there")
    if not retired:
        return ["nobody was known by the identifier that ends"]
    target = active(survivor)
    sources = [p for p in retired if p["id"] != target["id"]]
    for source in sources:
        merge(engine, principal, source, target)
    return [] if sources else ["both identifiers are of the same patient already"]


def active(patients: Sequence[Resource]) -> Resource:
    """The one that goes on, where one that was merged into it has the identifier, too."""
    going = [p for p in patients if not is_replaced(p)]
    if len(going) > 1:
        raise MultipleMatches("several patients have the identifier that stays: merge them first")
    return going[0] if going else patients[0]


def is_replaced(patient: Resource) -> bool:
    """Whether somebody was merged into another one."""
    return any(link.get("type") == "replaced-by" for link in patient.get("link", ()))


def merge(engine: Engine, principal: Principal, source: Resource, target: Resource) -> None:
    """Merge the source into the target."""

    def reference(name: str, patient: Resource) -> dict[str, Any]:
        return {"name": name, "valueReference": {"reference": f"Patient/{patient['id']}"}}

    engine.handle(
        FhirRequest(
            "operation",
            principal,
            type="Patient",
            operation="merge",
            is_post=True,
            body={
                "resourceType": "Parameters",
                "parameter": [
                    reference("source-patient", source),
                    reference("target-patient", target),
                ],
            },
        )
    )


def found(engine: Engine, principal: Principal, resource_type: str, search: str) -> list[Resource]:
    """What a search such as `identifier=system|value` finds."""
    query = tuple((k, v) for k, values in parse_qs(search).items() for v in values)
    answer = engine.handle(FhirRequest("search-type", principal, type=resource_type, query=query))
    page = json.parse_object(answer.content or b"{}")
    return [entry["resource"] for entry in page.get("entry", ())]
