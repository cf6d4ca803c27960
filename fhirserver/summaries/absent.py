"""What a required section says when there is nothing: that nothing is known, not that all is well.

http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips
"""

from __future__ import annotations

from typing import Final

from fhirserver.model.resource import Resource

SYSTEM: Final = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_HL7: Final = "http://terminology.hl7.org/CodeSystem/"

WORDS: Final = {
    "AllergyIntolerance": ("no-allergy-info", "No information about allergies"),
    "MedicationStatement": ("no-medication-info", "No information about medications"),
    "Condition": ("no-problem-info", "No information about problems"),
}


def unknown(resource_type: str, id_: str, patient: str) -> Resource:
    """A resource that says that nothing is known; `patient` is the text of the reference."""
    code, display = WORDS[resource_type]
    concept = {"coding": [{"system": SYSTEM, "code": code, "display": display}], "text": display}
    subject = {"reference": patient}
    made: Resource = {"resourceType": resource_type, "id": id_}
    match resource_type:
        case "MedicationStatement":
            unsaid = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
            return made | {
                "status": "unknown",
                "medicationCodeableConcept": concept,
                "subject": subject,
                "_effectiveDateTime": unsaid,
            }
        case "AllergyIntolerance":
            return made | {
                "clinicalStatus": _active("allergyintolerance-clinical"),
                "code": concept,
                "patient": subject,
            }
        case _:
            return made | {
                "clinicalStatus": _active("condition-clinical"),
                "code": concept,
                "subject": subject,
            }


def _active(system: str) -> Resource:
    return {"coding": [{"system": f"{_HL7}{system}", "code": "active"}]}
