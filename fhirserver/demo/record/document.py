"""Notes as DocumentReferences, and the intake form a new patient filled in.

https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from hashlib import sha1
from typing import Final

from fhirserver.demo.fhir import LOINC, OURS, Resource, concept, hl7, identifier
from fhirserver.demo.hospital import intake
from fhirserver.demo.moment import day, stamp
from fhirserver.demo.record.chart import Chart, Contact

CLINICAL_NOTE: Final = [{
    "coding": [{
        "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
        "code": "clinical-note", "display": "Clinical Note",
    }],
}]  # fmt: skip
TYPE: Final = {
    "progress": concept(LOINC, ["11506-3", "Progress note"]),
    "admission": concept(LOINC, ["34117-2", "History and physical note"]),
    "discharge": concept(LOINC, ["18842-5", "Discharge summary"]),
    "emergency": concept(LOINC, ["34111-5", "Emergency department Note"]),
    "nursing": concept(LOINC, ["34746-8", "Nurse Note"]),
}
CONFIDENTIAL: Final = [hl7("v3-Confidentiality", "N", "normal")]


def note(chart: Chart, contact: Contact, at: datetime, *, kind: str, text: str,
         author: Resource | None = None) -> Resource:  # fmt: skip
    """A short plain-text note."""
    person = chart.person
    age = int(person.age(at))
    body = (
        f"{TYPE[kind]['text']}\n{person.name}, born {day(person.born)}, {age} years, "
        f"{person.sex}\n{stamp(at)}\n\n{text}\n\nSigned: {(author or contact.doctor)['display']}\n"
    ).encode()
    head = chart.head("DocumentReference")
    return head | {
        "identifier": [identifier("document", f"N{head['id'][:8].upper()}")],
        "status": "current",
        "docStatus": "final",
        "type": TYPE[kind],
        "category": CLINICAL_NOTE,
        "subject": chart.subject,
        "date": stamp(at),
        "author": [author or contact.doctor],
        "custodian": chart.house.departments["hospital"],
        "securityLabel": CONFIDENTIAL,
        "content": [{
            "attachment": {
                "contentType": "text/plain; charset=utf-8",
                "language": "en-US",
                "data": b64encode(body).decode(),
                "size": len(body),
                "hash": b64encode(sha1(body, usedforsecurity=False).digest()).decode(),
                "title": TYPE[kind]["text"],
                "creation": stamp(at),
            },
            "format": {
                "system": "http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem",
                "code": "urn:ihe:iti:xds:2017:mimeTypeSufficient",
                "display": "mimeType Sufficient",
            },
        }],
        "context": {
            "encounter": [contact.encounter],
            "period": {"start": stamp(at), "end": stamp(at)},
            "facilityType": hl7("v3-RoleCode", "HOSP", "Hospital"),
        },
    }  # fmt: skip


def intake_form(chart: Chart, contact: Contact, at: datetime) -> Resource:
    """The intake form, filled in by the patient."""
    chance = chart.chance
    return chart.head("QuestionnaireResponse") | {
        "identifier": {"system": OURS + "form", "value": f"intake-{chart.person.n}"},
        "questionnaire": f"{intake.URL}|1",
        "status": "completed",
        "subject": chart.subject,
        "encounter": contact.encounter,
        "authored": stamp(at),
        "author": chart.subject,
        "source": chart.subject,
        "item": intake.answers(
            reason=contact.reason.replace("-", " ").capitalize(),
            pain=int(chance.random() * 5),
            smoking="Every day" if chart.person.smoker else "Never",
            allergies=chance.random() < 0.3,
            surgery=chance.random() < 0.4,
            interpreter=chart.person.language[0] != "en-US",
        ),
    }
