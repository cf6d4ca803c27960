"""The document: a Composition with its sections, and all that it refers to.

http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips, https://hl7.org/fhir/R4/documents.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.summaries.absent import WORDS, unknown
from fhirserver.summaries.narrative import facts, narrative, paragraph, table
from fhirserver.summaries.rows import Find
from fhirserver.summaries.sections import SECTIONS, Section
from fhirserver.summaries.wording import day, moment, name, told_in

_PROFILE: Final = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
BUNDLE_PROFILE: Final = f"{_PROFILE}Bundle-uv-ips"
_LOINC: Final = "http://loinc.org"
_EMPTY: Final = "http://terminology.hl7.org/CodeSystem/list-empty-reason"


@dataclass(frozen=True, slots=True)
class Content:
    """What a section has: its resources, the newest first.

    `is_withheld`: the caller may not see all of it. `is_cut`: there is more than this.
    """

    resources: Sequence[Resource] = ()
    is_withheld: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What the document has of its own: the base of its addresses, new ids, the time.

    `zone`: the one in which its texts tell times.
    """

    base: str
    bundle_id: str
    composition_id: str
    device_id: str
    absent_ids: Mapping[str, str]
    timestamp: str
    zone: tzinfo = UTC

    @property
    def made(self) -> str:
        """The time of the document, as clocks of the zone show it."""
        return str(told_in(self.zone, self.timestamp))


def document(
    frame: Frame,
    patient: Resource,
    contents: Mapping[str, Content],
    others: Iterable[Resource],
) -> Resource:
    """The Bundle. `contents` are those of the sections by code, `others` what they refer to."""
    others = list(others)
    every = [r for c in contents.values() for r in c.resources] + others
    by_name = {f"{r['resourceType']}/{r['id']}": r for r in every}

    def find(text: str) -> Resource | None:
        return by_name.get(text.removeprefix(f"{frame.base}/").partition("/_history/")[0])

    made: list[Resource] = []
    sections = []
    for section in SECTIONS:
        content = contents.get(section.code, Content())
        if not content.resources and section.absent is not None and not content.is_withheld:
            absent = unknown(section.absent, frame.absent_ids[section.absent], _url(frame, patient))
            made.append(absent)
            sections.append(_unknown_section(section, frame, absent))
        elif content.resources or content.is_withheld:
            sections.append(_section(section, frame, content, find))
    composition = _composition(frame, patient, sections)
    device = {
        "resourceType": "Device",
        "id": frame.device_id,
        "deviceName": [{"name": "fhirserver", "type": "user-friendly-name"}],
    }
    entries: dict[str, Resource] = {}
    for r in (composition, patient, device, *made, *by_name.values()):
        entries.setdefault(_url(frame, r), r)
    return {
        "resourceType": "Bundle",
        "id": frame.bundle_id,
        "meta": {"profile": [BUNDLE_PROFILE]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{frame.bundle_id}"},
        "type": "document",
        "timestamp": frame.timestamp,
        "entry": [{"fullUrl": url, "resource": r} for url, r in entries.items()],
    }


def _url(frame: Frame, resource: Resource) -> str:
    return f"{frame.base}/{resource['resourceType']}/{resource['id']}"


def _to(frame: Frame, resource: Resource) -> Resource:
    return {"reference": _url(frame, resource)}


def _composition(frame: Frame, patient: Resource, sections: list[Resource]) -> Resource:
    called = name(patient) or "a patient without a name"
    title = f"Patient summary of {called}, {day(frame.made)}"
    made = {
        "resourceType": "Composition",
        "id": frame.composition_id,
        "meta": {"profile": [f"{_PROFILE}Composition-uv-ips"]},
        "language": "en",
        "text": narrative(paragraph("International Patient Summary"), _headed(frame, patient)),
        "status": "final",
        "type": {
            "coding": [{"system": _LOINC, "code": "60591-5", "display": "Patient summary Document"}]
        },
        "subject": _to(frame, patient),
        "date": frame.timestamp,
        "author": [{"reference": f"{frame.base}/Device/{frame.device_id}"}],
        "title": title,
        "confidentiality": "N",
    }
    custodian = patient.get("managingOrganization")
    if custodian:
        made["custodian"] = custodian
    return made | {"section": sections}


def _headed(frame: Frame, patient: Resource) -> str:
    """Who the summary is about, and of what time it is."""
    identifiers = [
        f"{i['value']} ({i['system']})" if i.get("system") else i["value"]
        for i in patient.get("identifier", ())
        if i.get("value") and i.get("use") != "old"
    ]
    died = patient.get("deceasedDateTime") or ("yes" if patient.get("deceasedBoolean") else "")
    return facts(
        (
            ("Name", name(patient)),
            ("Born", patient.get("birthDate") or ""),
            ("Sex", patient.get("gender") or ""),
            ("Died", moment(told_in(frame.zone, died))),
            ("Identifiers", ", ".join(identifiers)),
            ("Made", moment(frame.made)),
            ("Times", f"All are of the time zone {frame.zone}"),
        )
    )


def _section(section: Section, frame: Frame, content: Content, find: Find) -> Resource:
    notes = []
    if content.is_withheld:
        notes.append(paragraph("Some of this is withheld: the reader's rights don't reach it."))
    if content.is_cut:
        notes.append(paragraph("There is more than is shown here; these are the newest."))
    made = _head(section)
    if not content.resources:
        return made | {
            "text": narrative(*notes),
            "emptyReason": {"coding": [{"system": _EMPTY, "code": "withheld"}]},
        }
    rows = [
        section.columns.row(told_in(frame.zone, r), lambda text: told_in(frame.zone, find(text)))
        for r in content.resources
    ]
    return made | {
        "text": narrative(*notes, table(section.columns.heads, rows)),
        "entry": [_to(frame, r) for r in content.resources],
    }


def _unknown_section(section: Section, frame: Frame, absent: Resource) -> Resource:
    text = WORDS[absent["resourceType"]][1]
    return _head(section) | {
        "text": narrative(paragraph(f"{text} in this record.")),
        "entry": [_to(frame, absent)],
    }


def _head(section: Section) -> Resource:
    coding = {"system": _LOINC, "code": section.code, "display": section.display}
    return {"title": section.title, "code": {"coding": [coding]}}
