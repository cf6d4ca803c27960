"""An encapsulated document (PDF, CDA) as DocumentReference with its Binary; as a report if ordered.

https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.24
https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

import base64
from typing import Final

from dicom_gateway.mapping.attributes import Keys, items, text, uid
from dicom_gateway.mapping.codes import concept, is_code
from dicom_gateway.mapping.identifiers import id_of, uid_identifier
from dicom_gateway.mapping.reports.context import About, told_at
from fhirserver.model.resource import Resource

SOP_CLASSES: Final = {
    "1.2.840.10008.5.1.4.1.1.104.1": "application/pdf",
    "1.2.840.10008.5.1.4.1.1.104.2": "text/xml",
}
"""Encapsulated PDF and CDA Storage, and what they hold. Models (STL, OBJ) are no documents."""
_SECTION: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"


def media_type(keys: Keys, sop_class: str) -> str:
    """What kind of document it is."""
    told = text(keys, "00420012")
    if is_code(told):
        return told
    return SOP_CLASSES.get(sop_class, "application/octet-stream")


def binary(keys: Keys, content: bytes, kind: str, subject: Resource) -> Resource:
    """The Binary of a document; who may see it is decided by its patient."""
    made: Resource = {
        "resourceType": "Binary",
        "id": id_of("binary", uid(keys, "00080018")),
        "contentType": kind,
    }
    if "reference" in subject:
        made["securityContext"] = subject
    made["data"] = base64.b64encode(content).decode()
    return made


def document_reference(keys: Keys, kind: str, about: About) -> Resource:
    """The DocumentReference of a document."""
    instance = uid(keys, "00080018")
    made: Resource = {
        "resourceType": "DocumentReference",
        "id": id_of("document", instance),
        "masterIdentifier": uid_identifier(instance),
        "status": "current",
        "type": type_of(keys),
        "subject": about.subject,
    }
    when = told_at(keys, about.source)
    if when is not None and "T" in when:
        # DocumentReference.date is an instant: a day alone isn't one.
        made["date"] = when
    title = title_of(keys)
    if title:
        made["description"] = title
    made["content"] = [{"attachment": attachment(keys, kind, when)}]
    related = [about.study, *about.based_on]
    context: Resource = {"related": related}
    if about.encounter:
        context["encounter"] = [about.encounter]
    made["context"] = context
    return made


def document_report(keys: Keys, kind: str, about: About) -> Resource:
    """The DiagnosticReport that an encapsulated document is of its order.

    Nothing tells whether anybody has verified it, so it isn't final.
    """
    instance = uid(keys, "00080018")
    made: Resource = {
        "resourceType": "DiagnosticReport",
        "id": report_id(instance),
        "identifier": [uid_identifier(instance)],
    }
    shared = about.elements()
    if "basedOn" in shared:
        made["basedOn"] = shared.pop("basedOn")
    made["status"] = "preliminary"
    made["category"] = [{"coding": [{"system": _SECTION, "code": "RAD", "display": "Radiology"}]}]
    made["code"] = type_of(keys)
    made |= shared
    when = told_at(keys, about.source)
    if when is not None:
        made["effectiveDateTime"] = when
    made["imagingStudy"] = [about.study]
    made["presentedForm"] = [attachment(keys, kind, when)]
    return made


def report_id(instance: str) -> str:
    """The id of the report that an encapsulated document is."""
    return id_of("report", instance)


def attachment(keys: Keys, kind: str, when: str | None) -> Resource:
    """The document as an Attachment: where its Binary is."""
    made: Resource = {
        "contentType": kind,
        "url": f"Binary/{id_of('binary', uid(keys, '00080018'))}",
    }
    title = title_of(keys)
    if title:
        made["title"] = title
    if when is not None:
        made["creation"] = when
    return made


def type_of(keys: Keys) -> Resource:
    """What kind of document it says it is."""
    for item in items(keys, "0040A043"):
        found = concept(item)
        if found is not None:
            return found
    return {"text": title_of(keys) or "Document"}


def title_of(keys: Keys) -> str:
    return text(keys, "00420010")
