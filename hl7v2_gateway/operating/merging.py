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
    for merge in merges:
        if merge.kind != "Patient":
            notes.append(f"{merge.kind} isn't merged: only patients are")
            continue
        notes += _patients(engine, principal, merge)
    return notes


def _patients(engine: Engine, principal: Principal, merge: Merging) -> list[str]:
    retired = _found(engine, principal, merge.retired)
    survivor = _found(engine, principal, merge.survivor)
    if not survivor:
        raise NotFound("the patient that is to stay isn't there")
    if not retired:
        return ["nobody was known by the identifier that ends"]
    target = _active(survivor)
    sources = [p for p in retired if p["id"] != target["id"]]
    for source in sources:
        _merge(engine, principal, source, target)
    return [] if sources else ["both identifiers are of the same patient already"]


def _active(patients: Sequence[Resource]) -> Resource:
    """The one that goes on, where one that was merged into it has the identifier, too."""
    going = [p for p in patients if not _is_replaced(p)]
    if len(going) > 1:
        raise MultipleMatches("several patients have the identifier that stays: merge them first")
    return going[0] if going else patients[0]


def _is_replaced(patient: Resource) -> bool:
    return any(link.get("type") == "replaced-by" for link in patient.get("link", ()))


def _merge(engine: Engine, principal: Principal, source: Resource, target: Resource) -> None:
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


def _found(engine: Engine, principal: Principal, search: str) -> list[Resource]:
    query = tuple((k, v) for k, values in parse_qs(search).items() for v in values)
    answer = engine.handle(FhirRequest("search-type", principal, type="Patient", query=query))
    page = json.parse_object(answer.content or b"{}")
    return [entry["resource"] for entry in page.get("entry", ())]
