"""Whose a resource is, and in which stay: what the message says by where a segment stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.finishing.absent import UNKNOWN

# The element that says whose it is.
SUBJECT: Final[Mapping[str, str]] = {
    "Observation": "subject",
    "DiagnosticReport": "subject",
    "ServiceRequest": "subject",
    "Encounter": "subject",
    "MedicationRequest": "subject",
    "MedicationDispense": "subject",
    "MedicationAdministration": "subject",
    "Immunization": "patient",
    "Procedure": "subject",
    "DocumentReference": "subject",
    "Coverage": "beneficiary",
    "Condition": "subject",
    "AllergyIntolerance": "patient",
    "EpisodeOfCare": "patient",
    "ChargeItem": "subject",
    "Goal": "subject",
    "RelatedPerson": "patient",
    "CareTeam": "subject",
    "Specimen": "subject",
    "ImagingStudy": "subject",
}
_REQUIRED: Final = frozenset(
    [
        "ServiceRequest",
        "MedicationRequest",
        "MedicationAdministration",
        "Immunization",
        "Procedure",
        "Coverage",
        "Condition",
        "AllergyIntolerance",
        "EpisodeOfCare",
        "ChargeItem",
        "Goal",
        "RelatedPerson",
        "ImagingStudy",
    ]
)
_ENCOUNTER: Final = frozenset(
    [
        "Observation",
        "DiagnosticReport",
        "ServiceRequest",
        "MedicationRequest",
        "Procedure",
        "Condition",
        "Immunization",
    ]
)


def belong(draft: Draft) -> None:
    """Give a draft its patient and its encounter."""
    name = SUBJECT.get(draft.type)
    patient = draft.hints.get("patient")
    if isinstance(patient, Draft) and patient.hints.get("nothing"):
        patient = None
    if name and any(
        r is draft.resource.get(name) and d.hints.get("nothing") for r, d in draft.links
    ):
        del draft.resource[name]
    if name and name not in draft.resource:
        if isinstance(patient, Draft):
            draft.resource[name] = draft.refer(patient)
        elif draft.type in _REQUIRED:
            draft.resource[name] = dict(UNKNOWN)
    encounter = draft.hints.get("encounter")
    if isinstance(encounter, Draft) and draft.type in _ENCOUNTER and not draft.is_linked:
        draft.resource.setdefault("encounter", draft.refer(encounter))
