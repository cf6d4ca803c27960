"""The least resource of each type: its required elements, with some value each."""

from __future__ import annotations

from typing import Any

from fhirserver.model import definitions
from fhirserver.model.definitions import Property

KNOWN = definitions.load()
VALUES: dict[str, Any] = {
    "boolean": True, "decimal": 1, "integer": 1, "positiveInt": 1, "unsignedInt": 1,
    "date": "2020-01-01", "dateTime": "2020-01-01", "instant": "2020-01-01T00:00:00Z",
    "time": "12:00:00", "base64Binary": "AAAA", "oid": "urn:oid:1.2.3",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "uri": "http://a.example/1",
    "url": "http://a.example/1", "canonical": "http://a.example/1",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>',
    "CodeableConcept": {"text": "a"}, "Coding": {"code": "a"}, "Identifier": {"value": "a"},
    "Quantity": {"value": 1}, "Duration": {"value": 1}, "Age": {"value": 1},
    "Money": {"value": 1, "currency": "EUR"}, "Period": {"start": "2020-01-01"},
    "Attachment": {"contentType": "text/plain", "data": "AAAA"}, "Timing": {"event": ["2020"]},
    "Reference": {"display": "a"}, "HumanName": {"text": "a"}, "Address": {"text": "a"},
    "Annotation": {"text": "a"}, "Range": {"low": {"value": 1}}, "Signature": {},
}  # fmt: skip
# What invariants want beside the required elements.
MORE: dict[str, dict[str, Any]] = {
    "AllergyIntolerance": {
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        }
    },
    "Appointment": {
        "status": "proposed", "participant": [{"actor": {"display": "a"}, "status": "accepted"}],
    },
    "AppointmentResponse": {"actor": {"display": "a"}},
    "CapabilityStatement": {
        "kind": "requirements", "description": "a", "rest": [{"mode": "client"}],
    },
    "Consent": {"policyRule": {"text": "a"}},
    "EventDefinition": {"trigger": [{"type": "named-event", "name": "a"}]},
    "ImmunizationRecommendation": {
        "recommendation": [{"forecastStatus": {"text": "a"}, "vaccineCode": [{"text": "a"}]}],
    },
    "InsurancePlan": {"name": "a"},
    "Linkage": {
        "item": [
            {"type": "source", "resource": {"display": "a"}},
            {"type": "alternate", "resource": {"display": "b"}},
        ],
    },
    "Organization": {"name": "a"},
    "SearchParameter": {"status": "draft", "expression": "Account.code"},
    "Subscription": {
        "status": "requested",
        "criteria": "Patient?active=true",
        "channel": {"type": "rest-hook", "endpoint": "https://a.example/1"},
    },
    "StructureDefinition": {
        "kind": "resource",
        "type": "Basic",
        "differential": {"element": [{"id": "Basic", "path": "Basic"}]},
    },
    "TerminologyCapabilities": {"kind": "requirements", "description": "a"},
}  # fmt: skip


def minimal(resource_type: str) -> dict[str, Any]:
    """A resource that can be stored."""
    return {"resourceType": resource_type, **members(resource_type), **MORE.get(resource_type, {})}


def members(path: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    seen: set[str] = set()
    for p in KNOWN.properties(path).values():
        if p.element.min > 0 and p.element.name not in seen:
            seen.add(p.element.name)
            made[p.name] = [value(p)] if p.is_list else value(p)
    return made


def value(p: Property) -> Any:
    codes = KNOWN.codes(p.element.binding.value_set) if p.element.binding else None
    if p.type_code == "code" and codes:
        return min(next(iter(codes.values())))
    if p.type_code in VALUES:
        return VALUES[p.type_code]
    if p.type_code in {"BackboneElement", "Element"} or not KNOWN.is_resource(p.type_code):
        return "a" if p.type_code in KNOWN.primitives else members(p.target_path)
    return minimal("Basic")
