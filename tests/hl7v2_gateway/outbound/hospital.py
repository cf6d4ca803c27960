"""A small hospital in memory: what messages of tests are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.outbound.assembling import assembled
from hl7v2_gateway.outbound.composing import composed
from hl7v2_gateway.outbound.events import events
from hl7v2_gateway.outbound.wishes import Wishes

TIME: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
MRN: Final = "https://hospital.example/mrn"
RECEIVER: Final = Wishes(application="LIS", facility="WEST", authorities={MRN: "HOSP&1.2.36.1&ISO"})


def _code(code: str, system: str = "http://loinc.org", display: str | None = None) -> Any:
    coding = {"system": system, "code": code, "display": display}
    return {"coding": [{k: v for k, v in coding.items() if v}]}


PATIENT: Final[Resource] = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": MRN, "value": "4711", "type": _code("MR", "x")}],
    "name": [{"use": "official", "family": "Müller", "given": ["Anna", "Maria"], "prefix": ["Dr"]}],
    "gender": "female",
    "birthDate": "1970-05-17",
    "address": [
        {
            "use": "home",
            "line": ["Hauptstr. 1"],
            "city": "Ulm",
            "postalCode": "89073",
            "country": "DE",
        }
    ],
    "telecom": [
        {"system": "phone", "value": "0731 1", "use": "home"},
        {"system": "phone", "value": "0731 2", "use": "work"},
    ],
    "maritalStatus": _code("M", "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"),
    "contact": [
        {"relationship": [_code("MTH", "x")], "name": {"family": "Müller", "given": ["Ida"]}}
    ],
}
OTHER: Final[Resource] = {
    "resourceType": "Patient", "id": "q", "identifier": [{"system": MRN, "value": "815"}],
    "name": [{"family": "Muller"}],
    "link": [{"type": "replaced-by", "other": {"reference": "Patient/p"}}],
}  # fmt: skip
SUBJECT: Final = {"reference": "Patient/p"}
VISIT: Final[Resource] = {
    "resourceType": "Encounter",
    "id": "v",
    "identifier": [{"system": "urn:oid:1.2.36.2", "value": "V1", "type": _code("VN", "x")}],
    "status": "in-progress",
    "class": {"code": "IMP"},
    "subject": SUBJECT,
    "participant": [{"type": [_code("ATND", "x")], "individual": {"reference": "Practitioner/d"}}],
    "location": [{"status": "active", "location": {"reference": "Location/bed"}}],
    "diagnosis": [{"condition": {"reference": "Condition/c"}, "use": _code("AD", "x")}],
    "period": {"start": "2026-11-29T10:00:00+01:00"},
}
DOCTOR: Final[Resource] = {
    "resourceType": "Practitioner", "id": "d", "identifier": [{"system": "urn:oid:1.2.36.3", "value": "99"}],
    "name": [{"family": "House", "given": ["Gregory"]}],
}  # fmt: skip
BED: Final[Resource] = {
    "resourceType": "Location", "id": "bed", "name": "B2", "physicalType": _code("bd", "x"),
    "partOf": {"reference": "Location/room"},
}  # fmt: skip
ROOM: Final[Resource] = {
    "resourceType": "Location", "id": "room", "name": "R1", "physicalType": _code("ro", "x"),
    "partOf": {"reference": "Location/ward"},
}  # fmt: skip
WARD: Final[Resource] = {
    "resourceType": "Location", "id": "ward", "name": "3W", "physicalType": _code("wa", "x"),
}  # fmt: skip
CONDITION: Final[Resource] = {
    "resourceType": "Condition", "id": "c", "subject": SUBJECT,
    "code": {**_code("J18.9", "http://hl7.org/fhir/sid/icd-10", "Pneumonia"), "text": "pneumonia"},
}  # fmt: skip
ALLERGY: Final[Resource] = {
    "resourceType": "AllergyIntolerance", "id": "al", "patient": SUBJECT, "category": ["medication"],
    "criticality": "high", "code": {"text": "Penicillin"}, "reaction": [{"manifestation": [{"text": "Hives"}]}],
}  # fmt: skip
ORDER: Final[Resource] = {
    "resourceType": "ServiceRequest",
    "id": "o",
    "identifier": [{"system": "urn:oid:1.2.36.4", "value": "O1", "type": _code("PLAC", "x")}],
    "intent": "order",
    "status": "active",
    "priority": "stat",
    "category": [_code("108252007", "http://snomed.info/sct")],
    "code": _code("2345-7", display="Glucose"),
    "subject": SUBJECT,
    "encounter": {"reference": "Encounter/v"},
    "authoredOn": "2026-11-29T11:00:00+01:00",
    "requester": {"reference": "Practitioner/d"},
    "reasonCode": [{"text": "thirst"}],
}
GLUCOSE: Final[Resource] = {
    "resourceType": "Observation", "id": "g", "status": "final", "subject": SUBJECT,
    "code": _code("2345-7", display="Glucose"),
    "valueQuantity": {"value": 6.3, "unit": "mmol/L", "code": "mmol/L", "system": "http://unitsofmeasure.org"},
    "referenceRange": [{"low": {"value": 3}, "high": {"value": 6}}],
    "interpretation": [_code("H", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation")],
    "effectiveDateTime": "2026-11-29T11:30:00+01:00", "note": [{"text": "fasting"}],
}  # fmt: skip
PRESSURE: Final[Resource] = {
    "resourceType": "Observation", "id": "bp", "status": "corrected", "subject": SUBJECT,
    "code": _code("85354-9"),
    "component": [
        {"code": _code("8480-6"), "valueQuantity": {"value": 120, "code": "mm[Hg]"}},
        {"code": _code("8462-4"), "valueQuantity": {"value": 80, "code": "mm[Hg]"}},
    ],
}  # fmt: skip
SPECIMEN: Final[Resource] = {
    "resourceType": "Specimen", "id": "s", "identifier": [{"value": "S1"}], "type": _code("122555007", "http://snomed.info/sct"),
    "collection": {"collectedDateTime": "2026-11-29T11:30:00+01:00"},
}  # fmt: skip
REPORT: Final[Resource] = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "identifier": [{"system": "urn:oid:1.2.36.5", "value": "R1", "type": _code("FILL", "x")}],
    "basedOn": [{"reference": "ServiceRequest/o"}],
    "status": "final",
    "code": _code("2345-7", display="Glucose"),
    "subject": SUBJECT,
    "encounter": {"reference": "Encounter/v"},
    "effectiveDateTime": "2026-11-29T11:30:00+01:00",
    "issued": "2026-11-29T11:45:00Z",
    "specimen": [{"reference": "Specimen/s"}],
    "result": [{"reference": "Observation/g"}, {"reference": "Observation/bp"}],
    "conclusion": "high",
}
APPOINTMENT: Final[Resource] = {
    "resourceType": "Appointment",
    "id": "a",
    "identifier": [{"system": "urn:oid:1.2.36.6", "value": "A1"}],
    "status": "booked",
    "serviceType": [{"text": "Check-up"}],
    "start": "2026-12-01T09:00:00+01:00",
    "end": "2026-12-01T09:30:00+01:00",
    "participant": [
        {"actor": SUBJECT, "status": "accepted"},
        {"actor": {"reference": "Practitioner/d"}, "status": "accepted"},
        {"actor": {"reference": "Location/ward"}, "status": "accepted"},
    ],
}
DOCUMENT: Final[Resource] = {
    "resourceType": "DocumentReference", "id": "doc", "status": "current", "docStatus": "final",
    "masterIdentifier": {"system": "urn:oid:1.2.36.7", "value": "D1"}, "type": _code("18842-5", display="Discharge summary"),
    "subject": SUBJECT, "date": "2026-11-29T11:45:00Z", "author": [{"reference": "Practitioner/d"}],
    "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0="}}],
    "context": {"encounter": [{"reference": "Encounter/v"}]},
}  # fmt: skip
VACCINATION: Final[Resource] = {
    "resourceType": "Immunization", "id": "i", "status": "completed", "patient": SUBJECT, "identifier": [{"value": "I1"}],
    "vaccineCode": _code("208", "http://hl7.org/fhir/sid/cvx", "COVID-19"), "occurrenceDateTime": "2026-11-29",
    "doseQuantity": {"value": 0.3, "code": "mL", "system": "http://unitsofmeasure.org"}, "lotNumber": "L1", "expirationDate": "2027-03-01",
    "manufacturer": {"display": "Pfizer"}, "route": _code("IM", "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"),
}  # fmt: skip
PRESCRIPTION: Final[Resource] = {
    "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order", "subject": SUBJECT,
    "medicationCodeableConcept": _code("197884", "http://www.nlm.nih.gov/research/umls/rxnorm", "Lisinopril 10 MG"),
    "authoredOn": "2026-11-29", "requester": {"reference": "Practitioner/d"},
    "dosageInstruction": [{
        "text": "one in the morning", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "route": _code("26643006", "http://snomed.info/sct", "Oral"),
        "doseAndRate": [{"doseQuantity": {"value": 10, "code": "mg", "unit": "mg", "system": "http://unitsofmeasure.org"}}],
    }],
    "dispenseRequest": {"quantity": {"value": 30, "unit": "tablet"}, "numberOfRepeatsAllowed": 2},
}  # fmt: skip
CHARGE: Final[Resource] = {
    "resourceType": "ChargeItem", "id": "ch", "status": "billable", "subject": SUBJECT, "context": {"reference": "Encounter/v"},
    "identifier": [{"value": "C1"}], "code": _code("99213", "http://www.ama-assn.org/go/cpt"), "quantity": {"value": 1},
    "occurrenceDateTime": "2026-11-29", "priceOverride": {"value": 80, "currency": "EUR"},
}  # fmt: skip

ALL: Final = (
    PATIENT, OTHER, VISIT, DOCTOR, BED, ROOM, WARD, CONDITION, ALLERGY, ORDER, GLUCOSE, PRESSURE, SPECIMEN, REPORT,
    APPOINTMENT, DOCUMENT, VACCINATION, PRESCRIPTION, CHARGE,
)  # fmt: skip


@dataclass(frozen=True)
class Memory:
    """Reads from what it was given; what it wasn't given nobody may see."""

    resources: Sequence[Resource] = ALL
    found: Mapping[str, Sequence[Resource]] = field(
        default_factory=lambda: {"AllergyIntolerance": [ALLERGY]}
    )

    def read(self, reference: str) -> Resource | None:
        named = (r for r in self.resources if f"{r['resourceType']}/{r['id']}" == reference)
        return next(named, None)

    def search(self, resource_type: str, pairs: Sequence[tuple[str, str]]) -> Sequence[Resource]:
        del pairs
        return self.found.get(resource_type, ())


def sent(
    before: Resource | None,
    after: Resource | None,
    wishes: Wishes = RECEIVER,
    memory: Memory | None = None,
) -> list[str]:
    """The segments that go out because of a change, as text."""
    (trigger,) = events(before, after)
    segments = assembled(trigger, wishes, memory or Memory(), control_id="M1", time=TIME)
    raw = composed(segments, wishes)
    return raw.decode("latin-1" if wishes.charset == "8859/1" else "utf-8").rstrip("\r").split("\r")
