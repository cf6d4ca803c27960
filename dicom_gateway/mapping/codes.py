"""Coded entries (PS3.3 8.8) as Coding and CodeableConcept.

https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_8
https://hl7.org/fhir/R4/terminologies-systems.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dicom_gateway.mapping.attributes import Keys, items, text
from fhirserver.model.resource import Resource

DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
SCHEMES: Final[Mapping[str, str]] = {
    "DCM": DCM,
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "UCUM": "http://unitsofmeasure.org",
    "RADLEX": "http://www.radlex.org",
    "FMA": "http://purl.org/sig/ont/fma",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "C4": "http://www.ama-assn.org/go/cpt",
    "NCIt": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
    "UMLS": "http://www.nlm.nih.gov/research/umls",
    "UNS": "urn:oid:2.16.840.1.113883.6.96",
}
"""Coding Scheme Designators of PS3.16 chapter 8, and the systems that FHIR names them by."""
_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_CODE: Final = re.compile(r"\S+( \S+)*")


def is_code(text: str) -> bool:
    """Whether FHIR takes a text as a code: https://hl7.org/fhir/R4/datatypes.html#code."""
    return _CODE.fullmatch(text) is not None


def coding(item: Keys) -> Resource | None:
    """The Coding of an item; None for one without a code and without a meaning.

    A scheme of somebody's own (99...) has no system: its codes keep their meaning and are told in
    text. SRT is the older name for codes of SNOMED (PS3.16 8.2), which SNOMED CT has under others.
    """
    value = text(item, "00080100") or text(item, "00080119") or text(item, "00080120")
    scheme = text(item, "00080102")
    meaning = text(item, "00080104")
    system = SCHEMES.get(scheme, "")
    oid = text(item, "0008010C")
    if not system and _OID.fullmatch(oid):
        system = f"urn:oid:{oid}"
    made: Resource = {}
    if value and system and is_code(value):
        made |= {"system": system, "code": value}
    if meaning:
        made["display"] = meaning
    elif not made and value:
        made["display"] = value
    return made or None


def concept(item: Keys) -> Resource | None:
    """The CodeableConcept of an item."""
    found = coding(item)
    if found is None:
        return None
    if "code" not in found:
        return {"text": found["display"]}
    made: Resource = {"coding": [found]}
    if "display" in found:
        made["text"] = found["display"]
    return made


def concepts(keys: Keys, tag: str) -> list[Resource]:
    """The CodeableConcepts of a sequence of codes, each once."""
    made: list[Resource] = []
    for item in items(keys, tag):
        one = concept(item)
        if one is not None and one not in made:
            made.append(one)
    return made


def has_code(item: Keys, scheme: str, *codes: str) -> bool:
    """Whether an item is one of these codes."""
    return text(item, "00080102") == scheme and text(item, "00080100") in codes
