"""The nine linked resources of the CRUD mix, as bytes with places for ids and a marker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# An identifier's value, so that a read can tell one version from another.
_MARKER: Final = "@marker@"
_SYSTEM: Final = "http://example.org/fhir/bench"
_LOINC: Final = "http://loinc.org"
_UCUM: Final = "http://unitsofmeasure.org"
_V3: Final = "http://terminology.hl7.org/CodeSystem"


def _reference(kind: str) -> dict[str, str]:
    return {"reference": f"{kind}/@{kind}@"}


def _concept(system: str, code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


_PERIOD: Final = {"start": "2026-11-02T08:00:00+01:00", "end": "2026-11-02T08:30:00+01:00"}
_MONEY: Final = {"value": 129.16, "currency": "EUR"}
_VISIT: Final = _concept("http://snomed.info/sct", "185349003", "Encounter for check up")
_ADDRESS: Final = {"line": ["3 Main Street"], "city": "Graz", "postalCode": "8010", "country": "AT"}

_RESOURCES: Final[list[dict[str, Any]]] = [
    {
        "resourceType": "Organization",
        "active": True,
        "name": "Bench Hospital",
        "address": [_ADDRESS],
    },
    {
        "resourceType": "Location",
        "status": "active",
        "name": "Ward 3",
        "managingOrganization": _reference("Organization"),
    },
    {
        "resourceType": "Practitioner",
        "active": True,
        "name": [{"family": "Benchley", "given": ["Ada"], "prefix": ["Dr."]}],
    },
    {
        "resourceType": "Patient",
        "active": True,
        "name": [{"use": "official", "family": "Benchmann", "given": ["Eva", "Maria"]}],
        "telecom": [{"system": "phone", "value": "+43 316 123456", "use": "home"}],
        "gender": "female",
        "birthDate": "1971-05-23",
        "address": [_ADDRESS],
        "managingOrganization": _reference("Organization"),
    },
    {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": f"{_V3}/v3-ActCode", "code": "AMB"},
        "type": [_VISIT],
        "subject": _reference("Patient"),
        "participant": [{"individual": _reference("Practitioner")}],
        "period": _PERIOD,
        "location": [{"location": _reference("Location")}],
        "serviceProvider": _reference("Organization"),
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "category": [_concept(f"{_V3}/observation-category", "laboratory", "Laboratory")],
        "code": _concept(_LOINC, "2345-7", "Glucose [Mass/volume] in Serum or Plasma"),
        "subject": _reference("Patient"),
        "encounter": _reference("Encounter"),
        "effectiveDateTime": "2026-11-02T08:10:00+01:00",
        "issued": "2026-11-02T09:10:00.000+01:00",
        "performer": [_reference("Practitioner")],
        "valueQuantity": {"value": 95.4, "unit": "mg/dL", "system": _UCUM, "code": "mg/dL"},
    },
    {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _concept(
            "http://www.nlm.nih.gov/research/umls/rxnorm",
            "310798",
            "Hydrochlorothiazide 25 MG Oral Tablet",
        ),
        "subject": _reference("Patient"),
        "encounter": _reference("Encounter"),
        "authoredOn": "2026-11-02T08:20:00+01:00",
        "requester": _reference("Practitioner"),
        "dosageInstruction": [
            {
                "sequence": 1,
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "asNeededBoolean": False,
            }
        ],
    },
    {
        "resourceType": "Claim",
        "status": "active",
        "type": _concept(f"{_V3}/claim-type", "institutional", "Institutional"),
        "use": "claim",
        "patient": _reference("Patient"),
        "billablePeriod": _PERIOD,
        "created": "2026-11-02T08:30:00+01:00",
        "provider": _reference("Organization"),
        "priority": _concept(f"{_V3}/processpriority", "normal", "Normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "Public"}}],
        "item": [
            {"sequence": 1, "productOrService": _VISIT, "encounter": [_reference("Encounter")]}
        ],
        "total": _MONEY,
    },
    {
        "resourceType": "ExplanationOfBenefit",
        "status": "active",
        "type": _concept(f"{_V3}/claim-type", "institutional", "Institutional"),
        "use": "claim",
        "patient": _reference("Patient"),
        "billablePeriod": _PERIOD,
        "created": "2026-11-02T08:30:00+01:00",
        "insurer": {"display": "Public"},
        "provider": _reference("Practitioner"),
        "claim": _reference("Claim"),
        "outcome": "complete",
        "insurance": [{"focal": True, "coverage": {"display": "Public"}}],
        "item": [{"sequence": 1, "productOrService": _VISIT}],
        "total": [
            {
                "category": _concept(f"{_V3}/adjudication", "submitted", "Submitted Amount"),
                "amount": _MONEY,
            }
        ],
    },
]


@dataclass(frozen=True, slots=True)
class Template:
    """A resource with places: `@Type@` for that type's id, `@marker@` for the version's mark."""

    kind: str
    text: str

    def fill(self, ids: Mapping[str, str], marker: str, logical_id: str | None = None) -> bytes:
        """The resource's bytes, with its own id when it's to be updated; ids not known stay made up."""
        text = self.text.replace(_MARKER, marker)
        for kind in TYPES:
            text = text.replace(f"@{kind}@", ids.get(kind, "unknown"))
        if logical_id is not None:
            text = text.replace("{", f'{{"id":"{logical_id}",', 1)
        return text.encode()


TYPES: Final = [resource["resourceType"] for resource in _RESOURCES]
TEMPLATES: Final = [
    Template(
        r["resourceType"], json.dumps(r | {"identifier": [{"system": _SYSTEM, "value": _MARKER}]})
    )
    for r in _RESOURCES
]
