"""The record of the other hospital: one patient, made up."""

from __future__ import annotations

from typing import Any

PATIENT, ENCOUNTER, DOCTOR = "ostergaard", "stay-7", "bergstroem"
_SUBJECT = {"reference": f"Patient/{PATIENT}"}
_LOINC, _SNOMED, _UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_CLINICAL = "http://terminology.hl7.org/CodeSystem"


def _vital(id_: str, code: str, words: str, value: float, unit: str, ucum: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": _LOINC, "code": code, "display": words}], "text": words},
        "subject": _SUBJECT,
        "encounter": {"reference": f"Encounter/{ENCOUNTER}"},
        "effectiveDateTime": "2026-03-03T07:30:00+01:00",
        "valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": ucum},
    }


def record() -> list[dict[str, Any]]:
    """All resources."""
    return [
        {
            "resourceType": "Patient",
            "id": PATIENT,
            "meta": {"versionId": "1"},
            "identifier": [
                {
                    "type": {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                                "code": "MR",
                            }
                        ]
                    },
                    "system": "https://ehr.example/numbers",
                    "value": "NB-4711",
                }
            ],
            "name": [{"use": "official", "family": "Østergaard", "given": ["Ingrid"]}],
            "gender": "female",
            "birthDate": "1951-05-17",
        },
        {
            "resourceType": "Practitioner",
            "id": DOCTOR,
            "name": [{"family": "Bergström", "given": ["Nils"]}],
        },
        {
            "resourceType": "Encounter",
            "id": ENCOUNTER,
            "status": "in-progress",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "IMP",
            },
            "subject": _SUBJECT,
            "period": {"start": "2026-03-01T10:00:00+01:00"},
        },
        {
            "resourceType": "AllergyIntolerance",
            "id": "penicillin",
            "clinicalStatus": {
                "coding": [{"system": f"{_CLINICAL}/allergyintolerance-clinical", "code": "active"}]
            },
            "verificationStatus": {
                "coding": [
                    {
                        "system": f"{_CLINICAL}/allergyintolerance-verification",
                        "code": "confirmed",
                    }
                ]
            },
            "criticality": "high",
            "code": {
                "coding": [{"system": _SNOMED, "code": "91936005"}],
                "text": "Allergy to penicillin",
            },
            "patient": _SUBJECT,
        },
        {
            "resourceType": "Condition",
            "id": "pneumonia",
            "clinicalStatus": {
                "coding": [{"system": f"{_CLINICAL}/condition-clinical", "code": "active"}]
            },
            "category": [
                {
                    "coding": [
                        {"system": f"{_CLINICAL}/condition-category", "code": "problem-list-item"}
                    ]
                }
            ],
            "code": {
                "coding": [{"system": _SNOMED, "code": "233604007"}],
                "text": "Pneumonia of the left lung",
            },
            "subject": _SUBJECT,
        },
        _vital("pulse", "8867-4", "Heart rate", 88, "/min", "/min"),
        _vital("temperature", "8310-5", "Body temperature", 38.4, "°C", "Cel"),
    ]
