"""Whose images they are: the Patient whom their ids name, if everything else agrees.

IHE RAD TF-1 section 4 (Patient Information Reconciliation); the rules are in mapping/agreement.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dicom_gateway.mapping.agreement import disagreements
from dicom_gateway.mapping.patients import Claim
from fhirserver.engine import Engine
from fhirserver.merging.patients import replaced_by
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up

MOST_MERGES = 20
"""How long a chain of merges is followed."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nobody can tell whose a study is; `candidates` are ids of Patients who may be meant.

    Reasons: those of mapping.agreement, and `no-id`, `no-system`, `unknown-patient`,
    `several-patients`, `mixed-patients`, `order-of-another`, `taken-off`.
    """

    reasons: tuple[str, ...]
    candidates: tuple[str, ...] = ()


def patient_of(engine: Engine, claimed: Claim) -> Resource | Doubt:
    """The Patient whom a study names; a Doubt where it isn't certain."""
    if not claimed.numbers:
        return Doubt(("no-id",))
    known = [n for n in claimed.numbers if n.system]
    if not known:
        return Doubt(("no-system",))
    found: dict[str, Resource] = {}
    for number in known:
        for patient in looked_up(engine, "Patient", ("identifier", number.search)):
            current = living(engine, patient)
            found[current["id"]] = current
    if not found:
        return Doubt(("unknown-patient",))
    if len(found) > 1:
        return Doubt(("several-patients",), tuple(sorted(found)))
    [patient] = found.values()
    reasons = disagreements(claimed, patient)
    return Doubt(tuple(reasons), (patient["id"],)) if reasons else patient


def living(engine: Engine, patient: Resource) -> Resource:
    """The Patient that one was merged into, and so on."""
    for _ in range(MOST_MERGES):
        into = replaced_by(patient)
        if into is None:
            return patient
        following = looked_up(engine, "Patient", ("_id", into.rpartition("/")[2]))
        if not following:
            return patient
        patient = following[0]
    return patient


def others(claims: Iterable[Claim], first: Claim) -> bool:
    """Whether some say that they are of somebody else: by another id, or nothing that agrees."""
    described = {
        "resourceType": "Patient",
        "name": [{"family": n.family, "given": list(n.given)} for n in first.names],
        "birthDate": first.birth_date,
        "gender": first.gender,
    }
    return any(
        {n.value for n in claim.numbers[:1]} != {n.value for n in first.numbers[:1]}
        or [r for r in disagreements(claim, described) if r != "too-little"]
        for claim in claims
    )
