"""Visits and accounts that go to another patient (A45, A44 and others), with what belongs to them.

It may be done again for the same message: what has moved is where it should be already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import NotFound
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model.resource import Resource
from hl7v2_gateway.operating.conversions import Moving
from hl7v2_gateway.operating.merging import active, found, merge

_OF_VISIT: Final = {
    "Condition": "subject",
    "DiagnosticReport": "subject",
    "DocumentReference": "subject",
    "MedicationAdministration": "subject",
    "MedicationRequest": "subject",
    "Observation": "subject",
    "Procedure": "subject",
    "ServiceRequest": "subject",
}
"""What is found by its visit, and where it says whose it is."""
_BY: Final = {"DocumentReference": "encounter", "MedicationAdministration": "context"}
_COUNT: Final = 1000


def carry_out_moves(engine: Engine, principal: Principal, moves: Sequence[Moving]) -> list[str]:
    """Move, in order; what there is to say about it, without patient data."""
    notes: list[str] = []
    for move in moves:
        if move.what == "identifier":
            notes += _renamed(engine, principal, move)
        else:
            notes += _moved(engine, principal, move)
    return notes


def _renamed(engine: Engine, principal: Principal, move: Moving) -> list[str]:
    """An identifier ends and another one begins: whoever had it is who has the new one."""
    before, after = (found(engine, principal, "Patient", s) for s in (move.of, move.to))
    if not before or not after:
        return ["nobody was known by the identifier that ends, or by the new one"]
    target = active(after)
    for source in before:
        if source["id"] != target["id"]:
            merge(engine, principal, source, target)
    return []


def _moved(engine: Engine, principal: Principal, move: Moving) -> list[str]:
    things = found(engine, principal, move.what, move.of)
    patients = found(engine, principal, "Patient", move.to)
    if not patients:
        raise NotFound("the patient that it goes to isn't there")
    if not things:
        return [f"no {move.what} was known by the number that moves"]
    target = f"Patient/{active(patients)['id']}"
    changed: list[Resource] = []
    for thing in things:
        # The message itself may have told the visit whose it is now; what belongs to it follows.
        changed.append(_with(thing, "subject", target))
        if move.what != "Encounter":
            continue
        for resource_type, element in _OF_VISIT.items():
            by = _BY.get(resource_type, "encounter")
            search = f"{by}=Encounter/{thing['id']}&_count={_COUNT}"
            changed += [
                _with(r, element, target)
                for r in found(engine, principal, resource_type, search)
                if r.get(element, {}).get("reference") != target
            ]
    _write(engine, principal, changed)
    return []


def _with(resource: Resource, element: str, target: str) -> Resource:
    reference: Any = {"reference": target}
    is_list = isinstance(resource.get(element), list) or resource["resourceType"] == "Account"
    return {**resource, element: [reference] if is_list else reference}


def _write(engine: Engine, principal: Principal, changed: Sequence[Resource]) -> None:
    """All of it or nothing, and nothing that has changed meanwhile."""
    entries = [
        {
            "resource": r,
            "request": {
                "method": "PUT",
                "url": f"{r['resourceType']}/{r['id']}",
                "ifMatch": f'W/"{r["meta"]["versionId"]}"',
            },
        }
        for r in changed
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    engine.handle(FhirRequest("bundle", principal, body=bundle, prefer_return="minimal"))
