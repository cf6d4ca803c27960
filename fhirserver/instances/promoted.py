"""What queries compare, taken from the attributes of an instance into columns.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.2.2.2.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhirserver.instances.facts import Keys
from fhirserver.storage.dicom_folding import name, plain

STUDY: Final = frozenset({
    "00080005", "00080020", "00080030", "00080050", "00080051", "00080080", "00080090", "00080201",
    "00081030", "00100010", "00100020", "00100021", "00100030", "00100040", "00101002", "00101010",
    "00104000", "0020000D", "00200010",
})  # fmt: skip
"""Attributes of the patient and the study; most of the frequent ones of PS3.18, table 10.6.1-5."""

SERIES: Final = frozenset({
    "00080021", "00080031", "00080060", "00080070", "0008103E", "00081010", "00081050", "00081090",
    "00081111", "00180015", "00181030", "0020000E", "00200011", "00200060", "00400244", "00400245",
    "00400275",
})  # fmt: skip
"""Attributes of the series; all others are the instance's."""

_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def of_level(keys: Keys, level: frozenset[str]) -> dict[str, Any]:
    """The attributes of the study, or of the series."""
    return {tag: value for tag, value in keys.items() if tag in level}


def of_instance(keys: Keys) -> dict[str, Any]:
    """The attributes of the instance alone."""
    return {tag: v for tag, v in keys.items() if tag not in STUDY and tag not in SERIES}


def first(keys: Keys, tag: str) -> str:
    """The first value of an attribute as text, empty where there is none."""
    values = _values(keys, tag)
    return plain(str(values[0])) if values and not isinstance(values[0], Mapping) else ""


def names(keys: Keys, tag: str) -> tuple[str, str, str]:
    """The three forms of a person's name, as they are compared."""
    values = _values(keys, tag)
    found = values[0] if values and isinstance(values[0], Mapping) else {}
    alphabetic, ideographic, phonetic = (name(str(found.get(g) or "")) for g in _GROUPS)
    return alphabetic, ideographic, phonetic


def _values(keys: Keys, tag: str) -> list[Any]:
    attribute = keys.get(tag)
    values = attribute.get("Value") if isinstance(attribute, Mapping) else None
    return values if isinstance(values, list) else []
