"""Names of people (PN) as HumanName: up to three groups, each of up to five components.

https://dicom.nema.org/medical/dicom/current/output/html/part05.html#sect_6.2.1
https://hl7.org/fhir/R4/datatypes.html#HumanName
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dicom_gateway.mapping.attributes import Keys, cleaned, values
from fhirserver.model.resource import Resource

_WRITTEN: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
GROUPS: Final[Mapping[str, str]] = {"Alphabetic": "ABC", "Ideographic": "IDE", "Phonetic": "SYL"}
"""The groups, and how HL7's representation calls them."""
_COMPONENTS: Final = 5


@dataclass(frozen=True, slots=True)
class Name:
    """One group of a name; `given` holds first and middle names as they were written."""

    group: str
    family: str = ""
    given: tuple[str, ...] = ()
    prefix: str = ""
    suffix: str = ""

    @property
    def text(self) -> str:
        """The name as it is read out.

        >>> Name("Alphabetic", "Adams", ("John Robert", "Quincy"), "Rev.", "B.A. M.Div.").text
        'Rev. John Robert Quincy Adams B.A. M.Div.'
        """
        parts = (self.prefix, *self.given, self.family, self.suffix)
        return " ".join(p for p in parts if p)


def names(keys: Keys, tag: str) -> list[Name]:
    """The groups of the first name of an attribute, without empty ones."""
    found = next(iter(values(keys, tag)), None)
    if isinstance(found, str):
        found = {"Alphabetic": found}
    if not isinstance(found, Mapping):
        return []
    read = (_name(group, found.get(group)) for group in GROUPS)
    return [name for name in read if name is not None]


def display(keys: Keys, tag: str) -> str:
    """Who an attribute names, for a Reference that has nothing but a name; "" for nobody."""
    return next((name.text for name in names(keys, tag)), "")


def human_names(keys: Keys, tag: str) -> list[Resource]:
    """A PN as HumanNames, each with how it is written."""
    found = names(keys, tag)
    return [_human(name, is_only=len(found) == 1) for name in found]


def _human(name: Name, *, is_only: bool) -> Resource:
    made: Resource = {}
    if not (is_only and name.group == "Alphabetic"):
        made["extension"] = [{"url": _WRITTEN, "valueCode": GROUPS[name.group]}]
    made["text"] = name.text
    if name.family:
        made["family"] = name.family
    if name.given:
        made["given"] = list(name.given)
    if name.prefix:
        made["prefix"] = [name.prefix]
    if name.suffix:
        made["suffix"] = [name.suffix]
    return made


def _name(group: str, told: object) -> Name | None:
    if not isinstance(told, str):
        return None
    parts = [cleaned(part) for part in told.split("^")][:_COMPONENTS]
    family, first, middle, prefix, suffix = parts + [""] * (_COMPONENTS - len(parts))
    name = Name(group, family, tuple(p for p in (first, middle) if p), prefix, suffix)
    return name if name.text else None
