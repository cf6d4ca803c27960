"""A picture or a PDF as a DICOM instance: Secondary Capture Image, Encapsulated PDF.

PS3.3 A.8.1 and A.45.1. The patient and the study are those of the study that it comes into, or of
the Patient that somebody has named; what is written is in the DICOM JSON model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from dicom_gateway.mapping.body_sites import SITES
from dicom_gateway.mapping.worklist import patient_ids
from dicom_gateway.mapping.written import SEXES, date, element, person_name, short
from fhirserver.model.resource import Resource

Item = dict[str, Any]

SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
DOCUMENT: Final = "00420011"
PIXELS: Final = "7FE00010"
_MANUFACTURER: Final = "fhirserver"
_STUDY: Final = (
    "00080020", "00080030", "00080050", "00080051", "00080090", "00081030", "00100010", "00100020",
    "00100021", "00100024", "00100030", "00100040", "00101002", "00200010",
)  # fmt: skip
_COMPRESSED: Final = "ISO_10918_1"
"""Lossy Image Compression Method of JPEG (PS3.3 C.7.6.1.1.5.1)."""
_PAIRED: Final = frozenset({"R", "L"})


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What somebody says of the files. `taken` is when they were made, with its zone.

    `modality` is of pictures; documents are DOC. `body_part` is a keyword of Body Part Examined,
    `laterality` one of R, L, B and U.
    """

    taken: datetime
    description: str = ""
    accession: str = ""
    modality: str = "OT"
    body_part: str = ""
    laterality: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance belongs; numbers from 1."""

    study: str
    series: str
    instance: str
    series_number: int
    number: int


@dataclass(frozen=True, slots=True)
class Pixels:
    """What describes the pixels of a picture; `ratios` are of each compression with loss."""

    rows: int
    columns: int
    samples: int
    bits: int
    photometric: str
    ratios: Sequence[float] = field(default=(), hash=False)


def study_of_patient(patient: Resource, told: Wrapping, system: str) -> Item:
    """The attributes of a new study of a Patient. `system` is that of the ids we know best."""
    return {
        "00080020": element("DA", told.taken.strftime("%Y%m%d")),
        "00080030": element("TM", told.taken.strftime("%H%M%S")),
        "00080050": element("SH", told.accession),
        "00080090": {"vr": "PN"},
        "00081030": short("LO", told.description),
        **patient_identity(patient, system),
        "00200010": {"vr": "SH"},
    }


def patient_identity(patient: Resource, system: str) -> Item:
    """Name, numbers, birth date and sex of a Patient, as images say whose they are."""
    return {
        "00100010": person_name(patient.get("name", ())),
        **_numbers(patient, system),
        "00100030": element("DA", date(patient.get("birthDate"))),
        "00100040": element("CS", SEXES.get(patient.get("gender", ""))),
    }


def study_of(keys: Mapping[str, Any]) -> Item:
    """The attributes of a study that is there, as its first instance says them."""
    return {tag: keys[tag] for tag in _STUDY if tag in keys}


def body_part(told: str) -> str | None:
    """The keyword of a body part, by itself or its SNOMED CT code; None for one of neither.

    >>> body_part("chest"), body_part("816094009"), body_part("moon")
    ('CHEST', 'CHEST', None)
    """
    if told.upper() in SITES:
        return told.upper()
    return next((k for k, (code, _) in SITES.items() if code == told and len(k) <= 16), None)


def picture(study: Item, place: Place, told: Wrapping, pixels: Pixels) -> Item:
    """A Secondary Capture Image, but its pixels."""
    side = told.laterality
    made: Item = {
        **study,
        **_common(SECONDARY_CAPTURE, place, told),
        "00080008": element("CS", "DERIVED" if pixels.ratios else "ORIGINAL", "SECONDARY"),
        "00080060": element("CS", told.modality),
        "00080064": element("CS", "DI"),
        "00180015": element("CS", told.body_part),
        "00200020": {"vr": "CS"},  # Patient Orientation
        "00280002": element("US", pixels.samples),
        "00280004": element("CS", pixels.photometric),
        "00280010": element("US", pixels.rows),
        "00280011": element("US", pixels.columns),
        "00280100": element("US", pixels.bits),
        "00280101": element("US", pixels.bits),
        "00280102": element("US", pixels.bits - 1),
        "00280103": {"vr": "US", "Value": [0]},
        "00280301": element("CS", "YES"),
        **_site(told),
    }
    if side:
        made["00200060" if side in _PAIRED else "00200062"] = element("CS", side)
    if pixels.samples > 1:
        made["00280006"] = {"vr": "US", "Value": [0]}
    if pixels.ratios:
        made["00282110"] = element("CS", "01")
        made["00282112"] = element("DS", *pixels.ratios)
        made["00282114"] = element("CS", *(_COMPRESSED for _ in pixels.ratios))
    return made


def document(study: Item, place: Place, told: Wrapping, size: int) -> Item:
    """An Encapsulated PDF of so many bytes, but the document itself."""
    return {
        **study,
        **_common(ENCAPSULATED_PDF, place, told),
        "0008002A": element("DT", told.taken.strftime("%Y%m%d%H%M%S")),
        "00080060": element("CS", "DOC"),
        "00080064": element("CS", "WSD"),
        "00280301": element("CS", "YES"),
        "0040A043": {"vr": "SQ"},  # Concept Name Code Sequence
        "0040A493": element("CS", "UNVERIFIED"),
        "00420010": short("ST", told.description),
        "00420012": element("LO", "application/pdf"),
        "00420015": element("UL", size),
    }


def _common(sop_class: str, place: Place, told: Wrapping) -> Item:
    day, time = told.taken.strftime("%Y%m%d"), told.taken.strftime("%H%M%S")
    return {
        "00080016": element("UI", sop_class),
        "00080018": element("UI", place.instance),
        "00080021": element("DA", day),
        "00080023": element("DA", day),
        "00080031": element("TM", time),
        "00080033": element("TM", time),
        "00080070": element("LO", _MANUFACTURER),
        "00080201": element("SH", told.taken.strftime("%z")),
        "0008103E": short("LO", told.description),
        "00181016": element("LO", _MANUFACTURER),
        "0020000D": element("UI", place.study),
        "0020000E": element("UI", place.series),
        "00200011": element("IS", place.series_number),
        "00200013": element("IS", place.number),
    }


def _numbers(patient: Resource, system: str) -> Item:
    """Patient ID, and whose number it is. PS3.3 table 10-18 and 10.14"""
    chosen: Resource = next(iter(patient_ids(patient, system or None)), {})
    made: Item = {"00100020": element("LO", chosen.get("value") or patient["id"])}
    issuer, whose = (
        str(chosen.get("assigner", {}).get("display", "")),
        str(chosen.get("system", "")),
    )
    if issuer:
        made["00100021"] = short("LO", issuer)
    if whose:
        made["00100024"] = element("SQ", _designator(whose))
    return made


def _designator(system: str) -> Item:
    name, kind = system, "URI"
    for prefix, scheme in (("urn:oid:", "ISO"), ("urn:uuid:", "UUID")):
        if system.startswith(prefix):
            name, kind = system.removeprefix(prefix), scheme
    return {"00400032": element("UT", name), "00400033": element("CS", kind)}


def _site(told: Wrapping) -> Item:
    """Anatomic Region Sequence. PS3.3 10.5"""
    found = SITES.get(told.body_part)
    if found is None:
        return {}
    code, meaning = found
    return {
        "00082218": element(
            "SQ",
            {
                "00080100": element("SH", code),
                "00080102": element("SH", "SCT"),
                "00080104": short("LO", meaning),
            },
        )
    }
