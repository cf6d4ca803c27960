"""Identifiers of FHIR from what DICOM has: UIDs, accession numbers, patient ids with their issuers.

The system of a number is, first found: what the issuer's sequence tells, the issuer's name where
the sender's entry knows it or where it is an OID, the sender's own system.
PS3.3 C.2.1 (Patient), 10.14 (HL7v2 Hierarchic Designator), C.7.2.1 (General Study);
https://hl7.org/fhir/R4/imagingstudy.html#4.7.1.3 (identifiers)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from dicom_gateway.mapping.attributes import Keys, items, text
from fhirserver.model.resource import Resource

DICOM_UID: Final = "urn:dicom:uid"
_V2_0203: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of who sent a study, from the sender's entry.

    `patient_system` is the system of its patient ids, `accession_system` that of its accession
    numbers, `issuers` that of ids with an issuer, by the issuer's name. `ae_title` is empty for
    what came by the web.
    """

    id: str = ""
    name: str = ""
    ae_title: str = ""
    patient_system: str = ""
    accession_system: str = ""
    issuers: Mapping[str, str] = field(default_factory=dict, hash=False)
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number and whose it is; `issuer` as it was told, `system` "" where that isn't known."""

    value: str
    system: str = ""
    issuer: str = ""

    @property
    def search(self) -> str:
        """The value of the search parameter `identifier`."""
        return f"{literal(self.system)}|{literal(self.value)}"


def uid_identifier(uid: str) -> Resource:
    """A UID as an Identifier.

    >>> uid_identifier("1.2.3")
    {'system': 'urn:dicom:uid', 'value': 'urn:oid:1.2.3'}
    """
    return {"system": DICOM_UID, "value": f"urn:oid:{uid}"}


def id_of(kind: str, *of: str) -> str:
    """The id of what there is one of for this study, this instance: the same every time."""
    return str(uuid5(NAMESPACE_URL, "|".join((DICOM_UID, kind, *of))))


def accession(keys: Keys, source: Source) -> Number | None:
    """The accession number of the imaging service request, None when there is none."""
    value = text(keys, "00080050")
    if not value:
        return None
    issuer, system = _designated(keys, "00080051")
    return Number(value, system or source.issuers.get(issuer, "") or source.accession_system,
                  issuer)  # fmt: skip


def accession_identifier(number: Number) -> Resource:
    """An accession number as an Identifier of the type ACSN.

    https://hl7.org/fhir/R4/imagingstudy.html#4.7.1.3
    """
    made: Resource = {"type": {"coding": [{"system": _V2_0203, "code": "ACSN"}]}}
    if number.system:
        made["system"] = number.system
    made["value"] = number.value
    if number.issuer:
        made["assigner"] = {"display": number.issuer}
    return made


def patient_numbers(keys: Keys, source: Source) -> list[Number]:
    """The patient's ids: the Patient ID first, then the other ones, each once."""
    found = [_patient_number(keys, source)]
    found += [_patient_number(item, source) for item in items(keys, "00101002")]
    return list(dict.fromkeys(n for n in found if n is not None))


def _patient_number(keys: Keys, source: Source) -> Number | None:
    value = text(keys, "00100020")
    if not value:
        return None
    told = text(keys, "00100021")
    issuer, system = _designated(keys, "00100024")
    issuer = told or issuer
    if not system and issuer:
        # Another issuer's id must never be looked for among those of the sender's own system.
        system = source.issuers.get(issuer, "") or _system_of(issuer, "ISO")
        return Number(value, system, issuer)
    return Number(value, system or source.patient_system, issuer)


def _designated(keys: Keys, tag: str) -> tuple[str, str]:
    """The name and the system that the item of an issuer tells: a hierarchic designator."""
    for item in items(keys, tag):
        local = text(item, "00400031")
        universal, kind = text(item, "00400032"), text(item, "00400033")
        return local, _system_of(universal, kind)
    return "", ""


def _system_of(universal: str, kind: str) -> str:
    match kind.upper():
        case "ISO" if _OID.fullmatch(universal):
            return f"urn:oid:{universal}"
        case "UUID" if _UUID.fullmatch(universal):
            return f"urn:uuid:{universal.lower()}"
        case "URI" if ":" in universal and not re.search(r"\s", universal):
            return universal
        case _:
            return ""


def literal(value: str) -> str:
    """A value of a search parameter as it is meant.

    https://hl7.org/fhir/R4/search.html#escaping
    """
    for character in "\\|,$":
        value = value.replace(character, f"\\{character}")
    return value
