"""Orders of images, for tests: a patient, an order, a station, an appointment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dicom_gateway.mapping.scheduled_steps import AE_TITLES
from fhirserver import ids

DCM = "http://dicom.nema.org/resources/ontology/DCM"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
SCT = "http://snomed.info/sct"
HOSPITAL = "https://hospital.example/mrn"

Resource = dict[str, Any]
Store = Callable[[Resource], Resource]


def reference(resource: Resource) -> Resource:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def a_patient(number: str, **more: Any) -> Resource:
    return {
        "resourceType": "Patient",
        "identifier": [
            {
                "type": {"coding": [{"system": V2_0203, "code": "MR"}]},
                "system": HOSPITAL,
                "value": number,
            }
        ],
        "name": [{"family": "Haydn", "given": ["Franz", "Joseph"], "prefix": ["Dr"]}],
        "gender": "male",
        "birthDate": "1932-03-31",
        **more,
    }


def an_order(patient: Resource, accession: str, **more: Any) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "identifier": [
            {"type": {"coding": [{"system": V2_0203, "code": "ACSN"}]}, "value": accession}
        ],
        "category": [{"coding": [{"system": SCT, "code": "363679005"}]}],
        "code": {
            "coding": [{"system": SCT, "code": "169069000", "display": "CT of chest"}],
            "text": "CT of the chest",
        },
        "subject": reference(patient),
        **more,
    }


def a_station(ae_title: str, modality: str = "CT", **more: Any) -> Resource:
    return {
        "resourceType": "Device",
        "status": "active",
        "identifier": [{"system": AE_TITLES, "value": ae_title}],
        "deviceName": [{"name": f"Scanner {ae_title}", "type": "user-friendly-name"}],
        "type": {"coding": [{"system": DCM, "code": modality}]},
        **more,
    }


def an_appointment(order: Resource, patient: Resource, *actors: Resource, **more: Any) -> Resource:
    taking_part = [{"actor": reference(a), "status": "accepted"} for a in (patient, *actors)]
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "basedOn": [reference(order)],
        "start": "2026-12-01T09:30:00+01:00",
        "end": "2026-12-01T10:00:00+01:00",
        "participant": taking_part,
        **more,
    }


def unique() -> str:
    """A number that no other test has, short enough for SH."""
    return ids.new().replace("-", "")[:14].upper()
