"""Imaging: the order, the study with its series and instances, the report.

https://hl7.org/fhir/R4/imagingstudy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import (
    DICOM,
    HL7,
    LOINC,
    SNOMED,
    Resource,
    coding,
    concept,
    hl7,
    identifier,
)
from fhirserver.demo.moment import HOUR, MINUTE, stamp
from fhirserver.demo.record.chart import Chart, Contact

ORDERED: Final = [concept(SNOMED, ["363679005", "Imaging"])]
RADIOLOGY: Final = [{"coding": [coding(HL7 + "v2-0074", "RAD", "Radiology")]}]
ACCESSION: Final = hl7("v2-0203", "ACSN", "Accession ID")


def study(chart: Chart, contact: Contact, at: datetime, key: str, *,
          urgent: bool = False) -> list[Resource]:  # fmt: skip
    """A study ordered at that moment; one that is not due yet is still to be done."""
    of = table("imaging")[key]
    started = at + MINUTE * (20 + int(chart.chance.random() * 50))
    reported = started + (HOUR if urgent else HOUR * 4)
    pending = started > chart.end
    order = _order(chart, contact, at, of, urgent=urgent, pending=pending)
    if pending:
        return [order]
    images = _images(chart, contact, of, started, order)
    return [order, images, _report(chart, contact.reason, of, images, reported)]


def _order(chart: Chart, contact: Contact, at: datetime, of: Mapping[str, Any], *,
           urgent: bool, pending: bool) -> Resource:  # fmt: skip
    head = chart.head("ServiceRequest")
    return head | {
        "identifier": [
            identifier("order", f"R{head['id'][:8].upper()}"),
            {"type": ACCESSION, **identifier("accession", f"A{head['id'][:8].upper()}")},
        ],
        "status": "active" if pending else "completed",
        "intent": "order",
        "category": ORDERED,
        "priority": "urgent" if urgent else "routine",
        "code": concept(SNOMED, of["snomed"], of.get("name")),
        "subject": chart.subject,
        "encounter": contact.encounter,
        "occurrenceDateTime": stamp(at),
        "authoredOn": stamp(at),
        "requester": contact.doctor,
        "performer": [chart.house.departments["radiology"]],
        "bodySite": [concept(SNOMED, of["site"])],
        **({"reasonReference": list(contact.reasons)} if contact.reasons else {}),
    }


def uid(key: str) -> str:
    """A DICOM UID from a UUID (PS3.5 annex B.2)."""
    return f"2.25.{int(key.replace('-', ''), 16)}"


def _images(chart: Chart, contact: Contact, of: Mapping[str, Any], started: datetime,
            order: Resource) -> Resource:  # fmt: skip
    head = chart.head("ImagingStudy")
    modality = coding(DICOM, *of["modality"])
    series = list(_series(chart, of, modality, started))
    return head | {
        "identifier": [
            {"system": "urn:dicom:uid", "value": f"urn:oid:{uid(head['id'])}"},
            order["identifier"][1],
        ],
        "status": "available",
        "modality": [modality],
        "subject": chart.subject,
        "encounter": contact.encounter,
        "started": stamp(started),
        "basedOn": [chart.ref(order)],
        "referrer": contact.doctor,
        "interpreter": [chart.someone("radiologist", "radiology")],
        "numberOfSeries": len(series),
        "numberOfInstances": sum(s["numberOfInstances"] for s in series),
        "procedureCode": [order["code"]],
        "location": chart.house.wards["radiology"],
        "reasonCode": [{"text": contact.reason.replace("-", " ").capitalize()}],
        "description": order["code"]["text"],
        "series": series,
    }


def _series(chart: Chart, of: Mapping[str, Any], modality: Resource,
            started: datetime) -> Iterator[Resource]:  # fmt: skip
    oid, display = of["sop"]
    sop = {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{oid}", "display": display}
    for number, (description, count) in enumerate(of["series"], start=1):
        yield {
            "uid": uid(chart.ids.next("series")),
            "number": number,
            "modality": modality,
            "description": description,
            "numberOfInstances": count,
            "bodySite": coding(SNOMED, *of["site"]),
            "started": stamp(started + MINUTE * number),
            "instance": [
                {"uid": uid(chart.ids.next("instance")), "sopClass": sop, "number": instance}
                for instance in range(1, count + 1)
            ],
        }


def _report(chart: Chart, reason: str, of: Mapping[str, Any], images: Resource,
            reported: datetime) -> Resource:  # fmt: skip
    code = dict(images["procedureCode"][0])
    if "loinc" in of:
        code["coding"] = [coding(LOINC, *of["loinc"]), *code["coding"]]
    finding = of["findings"].get(reason, of["normal"])
    final = reported <= chart.end
    found = chart.head("DiagnosticReport") | {
        "basedOn": images["basedOn"],
        "status": "final" if final else "preliminary",
        "category": RADIOLOGY,
        "code": code,
        "subject": chart.subject,
        "encounter": images["encounter"],
        "effectiveDateTime": images["started"],
        "performer": [chart.house.departments["radiology"]],
        "resultsInterpreter": images["interpreter"],
        "imagingStudy": [chart.ref(images)],
        "conclusion": finding if final else "Awaiting a radiologist.",
    }
    if final:
        found["issued"] = stamp(reported)
    return found
