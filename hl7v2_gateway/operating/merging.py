"""Merges of HL7 v2 messages (A34, A39, A40 and others): of patients by Patient/$merge.

It may be done again for the same message: who has been merged is merged already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import NotFound
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model.resource import Resource
from hl7v2_gateway.operating.conversions import Merging
from hl7v2_gateway.operating.finding import active, found
from hl7v2_gateway.operating.joining import join


def carry_out(engine: Engine, principal: Principal, merges: Sequence[Merging]) -> list[str]:
    """Merge, in order; what there is to say about it, without patient data."""
    notes: list[str] = []
    for one in merges:
        if one.kind == "Patient":
            notes += _patients(engine, principal, one)
        else:
            notes += join(engine, principal, one.kind, one.retired, one.survivor)
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
