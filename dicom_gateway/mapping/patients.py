"""The patient that a study names: as a logical reference, and what else it says of them.

PS3.3 C.7.1.1 (Patient Module); https://hl7.org/fhir/R4/references.html#logical
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dicom_gateway.mapping.attributes import Keys, text
from dicom_gateway.mapping.dates import day
from dicom_gateway.mapping.identifiers import Number, Source, patient_numbers
from dicom_gateway.mapping.names import Name, human_names, names
from fhirserver.model.resource import Resource

_SEX: Final[Mapping[str, str]] = {"M": "male", "F": "female", "O": "other"}


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says that the patient is: what is compared with a Patient."""

    numbers: tuple[Number, ...]
    names: tuple[Name, ...]
    birth_date: str | None
    gender: str | None

    @property
    def is_empty(self) -> bool:
        return not self.numbers and not self.names


def claim(keys: Keys, source: Source) -> Claim:
    """What an instance says of its patient."""
    return Claim(
        tuple(patient_numbers(keys, source)),
        tuple(names(keys, "00100010")),
        day(text(keys, "00100030")),
        _SEX.get(text(keys, "00100040").upper()),
    )


def logical(claimed: Claim) -> Resource:
    """A reference to somebody who isn't known here, by what is said of them."""
    made: Resource = {"type": "Patient"}
    if claimed.numbers:
        number = claimed.numbers[0]
        identifier: Resource = {"value": number.value}
        if number.system:
            identifier = {"system": number.system, **identifier}
        if number.issuer:
            identifier["assigner"] = {"display": number.issuer}
        made["identifier"] = identifier
    if claimed.names:
        made["display"] = claimed.names[0].text
    elif not claimed.numbers:
        made["display"] = "A patient whom the images do not name"
    return made


def described(keys: Keys, source: Source) -> Resource:
    """The Patient that a study describes, for somebody to look at: it isn't stored."""
    claimed = claim(keys, source)
    made: Resource = {"resourceType": "Patient"}
    if claimed.numbers:
        made["identifier"] = [
            {"system": n.system, "value": n.value} if n.system else {"value": n.value}
            for n in claimed.numbers
        ]
    human = human_names(keys, "00100010")
    if human:
        made["name"] = human
    if claimed.gender:
        made["gender"] = claimed.gender
    if claimed.birth_date:
        made["birthDate"] = claimed.birth_date
    return made
