"""An order and one of its steps as an item of a modality worklist.

| attribute | from |
|---|---|
| Patient's Name, ID, Issuer, Birth Date, Sex | Patient |
| Medical Alerts, Allergies | Flag, AllergyIntolerance |
| Accession Number | identifier of the type ACSN, else FILL or PLAC that fits |
| Study Instance UID | identifier urn:dicom:uid, else of the order's id (order_uids.py) |
| Requested Procedure ID, Description, Code Sequence | id, code |
| Requesting and Referring Physician's Name | requester |
| Reason for the Requested Procedure, Comments | reasonCode, note |
| Requested Procedure Priority | priority |
| Admission ID, Current Patient Location | Encounter |
| Scheduled Procedure Step Sequence | see scheduled_steps.py |

PS3.4 K.6.1.2.2; https://hl7.org/fhir/R4/servicerequest.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

from dicom_gateway.mapping.order_uids import short_id, study_uid
from dicom_gateway.mapping.scheduled_steps import Step, modality, step_item
from dicom_gateway.mapping.written import (
    SEXES,
    codes,
    date,
    element,
    person_name,
    short,
    words,
)
from fhirserver.model.resource import Resource

Item = dict[str, Any]

IMAGING: Final = frozenset(
    {
        ("http://snomed.info/sct", "363679005"),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD"),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", "RUS"),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", "CT"),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", "NMR"),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", "NMS"),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", "IMG"),
    }
)
"""Categories of orders of images."""
PRIORITIES: Final[Mapping[str, str]] = {
    "routine": "ROUTINE",
    "urgent": "HIGH",
    "asap": "HIGH",
    "stat": "STAT",
}
_NUMBERS: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"


@dataclass(frozen=True, slots=True)
class Order:
    """An order with what belongs to it; `warnings` are Flags, `allergies` AllergyIntolerances."""

    request: Resource
    patient: Resource
    encounter: Resource | None = None
    requester: Resource | None = None
    ward: Resource | None = None
    warnings: Sequence[Resource] = ()
    allergies: Sequence[Resource] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a worklist: the zone of its clock, and whose patient ids it knows.

    `issuers`: systems of identifiers to the names that it has for them.
    """

    zone: tzinfo
    patient_system: str | None = None
    accession_system: str | None = None
    issuers: Mapping[str, str] = field(default_factory=dict)


def is_imaging(request: Resource, step: Step) -> bool:
    """Whether an order asks for images: it says so, or a modality or a station of ours does it."""
    coded = {
        (c.get("system"), c.get("code"))
        for concept in request.get("category", ())
        for c in concept.get("coding", ())
    }
    return bool(coded & IMAGING or step.ae_titles or modality(step, request))


def worklist_item(order: Order, step: Step, reader: Reader) -> Item:
    """The attributes of an item, all that we have."""
    request = order.request
    names: Sequence[Resource] = (order.requester or {}).get("name", ())
    notes = "\n".join(n.get("text", "") for n in request.get("note", ()))
    reasons = "; ".join(filter(None, map(words, request.get("reasonCode", ()))))
    return {
        "00080050": element("SH", accession_number(request, reader.accession_system)),
        "00080090": person_name(names),
        "00081110": {"vr": "SQ"},  # Referenced Study Sequence
        "00081120": {"vr": "SQ"},  # Referenced Patient Sequence
        **_patient(order, reader),
        "0020000D": element("UI", study_uid(request)),
        "00321032": person_name(names),
        "00321060": short("LO", words(request.get("code"))),
        "00321064": codes([request.get("code", {})]),
        **_visit(order),
        "00400100": element("SQ", step_item(step, request, reader.zone)),
        "00401001": element("SH", short_id(request["id"])),
        "00401002": short("LO", reasons),
        "00401003": element("SH", PRIORITIES.get(request.get("priority", ""))),
        "00401004": {"vr": "LO"},  # Patient Transport Arrangements
        "0040100A": codes(request.get("reasonCode", ())),
        "00401400": short("LT", notes),
        "00402016": short("LO", _number(request, "PLAC")),
        "00402017": short("LO", _number(request, "FILL")),
    }


def accession_number(request: Resource, system: str | None = None) -> str:
    """The number that images are filed under; empty for an order that has none that fits.

    >>> accession_number({"identifier": [{"value": "A7", "type": {"coding": [{"code": "FILL"}]}}]})
    'A7'
    """
    found = [i for i in request.get("identifier", ()) if i.get("value")]
    for is_it in (
        lambda i: _kind(i, "ACSN"),
        lambda i: system is not None and i.get("system") == system,
        lambda i: _kind(i, "FILL"),
        lambda i: _kind(i, "PLAC"),
    ):
        for identifier in found:
            if is_it(identifier) and len(identifier["value"]) <= 16:
                return str(identifier["value"])
    return ""


def _number(request: Resource, kind: str) -> str:
    return next(
        (str(i.get("value", "")) for i in request.get("identifier", ()) if _kind(i, kind)), ""
    )


def _kind(identifier: Resource, code: str) -> bool:
    codings = identifier.get("type", {}).get("coding", ())
    return any(c.get("code") == code and c.get("system", _NUMBERS) == _NUMBERS for c in codings)


def _patient(order: Order, reader: Reader) -> Item:
    patient = order.patient
    identifiers = patient_ids(patient, reader.patient_system)
    chosen = identifiers[0] if identifiers else {}
    others = [
        {"00100020": short("LO", i["value"]), "00100021": short("LO", _issuer(i, reader))}
        for i in identifiers[1:]
    ]
    alerts = [words(f.get("code")) for f in order.warnings]
    allergies = [words(a.get("code")) for a in order.allergies]
    return {
        "00100010": person_name(patient.get("name", ())),
        "00100020": short("LO", chosen.get("value") or patient["id"]),
        "00100021": short("LO", _issuer(chosen, reader)),
        "00100030": element("DA", date(patient.get("birthDate"))),
        "00100040": element("CS", SEXES.get(patient.get("gender", ""))),
        "00101002": element("SQ", *others),
        "00102000": element("LO", *(a[:64].replace("\\", "/") for a in alerts)),
        "00102110": element("LO", *(a[:64].replace("\\", "/") for a in allergies)),
    }


def patient_ids(patient: Resource, system: str | None = None) -> list[Resource]:
    """A patient's numbers: first of the system that the reader knows, then medical records'."""
    found = [
        i
        for i in patient.get("identifier", ())
        if i.get("value") and i.get("use") != "old" and len(i["value"]) <= 64
    ]
    return sorted(
        found, key=lambda i: (i.get("system") != system if system else False, not _kind(i, "MR"))
    )


def _issuer(identifier: Resource, reader: Reader) -> str:
    system = str(identifier.get("system", ""))
    if system == reader.patient_system:
        # The reader's own numbers are told as it knows them, with the issuer that it calls them by.
        return next((n for n, s in reader.issuers.items() if s == system), "")
    named = next((n for n, s in reader.issuers.items() if s == system), "")
    return (
        named
        or str(identifier.get("assigner", {}).get("display") or "")
        or system.removeprefix("urn:oid:")
    )


def _visit(order: Order) -> Item:
    encounter = order.encounter or {}
    number: Resource = next(iter(encounter.get("identifier", ())), {})
    ward = (order.ward or {}).get("name", "")
    return {
        "00380010": short("LO", number.get("value")),
        "00380300": short("LO", ward),
        "00380050": {"vr": "LO"},  # Special Needs
        "00380500": {"vr": "LO"},  # Patient State
    }
