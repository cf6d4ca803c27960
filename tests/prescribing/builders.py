"""Prescriptions, allergies and what else the checks look at, in few words."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance"


def coded(code: str, system: str = RXNORM, display: str | None = None) -> Resource:
    """A CodeableConcept of one code."""
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def a_prescription(code: str = "11289", patient: str = "Patient/p", **elements: Any) -> Resource:
    """An active order of a drug, warfarin if not said otherwise; an element of None is left out."""
    made = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": coded(code),
        "subject": {"reference": patient},
    } | elements
    return {k: v for k, v in made.items() if v is not None}


def an_allergy(code: str, system: str = RXNORM, /, patient: str = "Patient/p", **elements: Any) -> Resource:  # fmt: skip
    """A confirmed, active allergy to a substance."""
    made = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": coded("active", f"{ALLERGY}-clinical"),
        "verificationStatus": coded("confirmed", f"{ALLERGY}-verification"),
        "code": coded(code, system),
        "patient": {"reference": patient},
    } | elements
    return {k: v for k, v in made.items() if v is not None}


def a_dispense(request: str, code: str = "11289", patient: str = "Patient/p", **elements: Any) -> Resource:  # fmt: skip
    """A completed dispense of a prescription."""
    return {
        "resourceType": "MedicationDispense",
        "status": "completed",
        "medicationCodeableConcept": coded(code),
        "subject": {"reference": patient},
        "authorizingPrescription": [{"reference": request}],
        "whenHandedOver": "2026-11-01T10:00:00Z",
    } | elements


def an_administration(request: str, code: str = "11289", patient: str = "Patient/p", **elements: Any) -> Resource:  # fmt: skip
    """A dose that was given."""
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": coded(code),
        "subject": {"reference": patient},
        "request": {"reference": request},
        "effectiveDateTime": "2026-11-01T10:00:00Z",
    } | elements
