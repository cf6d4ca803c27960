"""Reading attributes in the DICOM JSON model: texts, numbers, items, codes, names of people.

    keys = {"00080060": {"vr": "CS", "Value": ["CT"]}}
    text(keys, "00080060")                     # "CT"
What isn't there, is empty, or isn't what its attribute is for, reads as nothing: a wrong value of a
modality never keeps its images from being found.
https://dicom.nema.org/medical/dicom/current/output/html/part18.html#sect_F.2
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Keys = Mapping[str, Any]
"""The attributes of an instance, a series or an item: tag to its object in the JSON model."""

_INVISIBLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOST_DIGITS: Final = 10
_LARGEST: Final = 2**31 - 1


def values(keys: Keys, tag: str) -> Sequence[Any]:
    """The values of an attribute, without empty ones.

    >>> values({"00080008": {"vr": "CS", "Value": ["ORIGINAL", None]}}, "00080008")
    ['ORIGINAL']
    """
    found = keys.get(tag)
    listed = found.get("Value") if isinstance(found, Mapping) else None
    return [v for v in listed if v is not None] if isinstance(listed, list) else []


def texts(keys: Keys, tag: str) -> list[str]:
    """The values as texts that FHIR allows, trimmed."""
    found = (cleaned(v) for v in values(keys, tag) if isinstance(v, (str, int, float)))
    return [text for text in found if text]


def text(keys: Keys, tag: str) -> str:
    """The first value as a text; "" when there is none.

    >>> text({"00081030": {"vr": "LO", "Value": [" Chest  "]}}, "00081030")
    'Chest'
    """
    return next(iter(texts(keys, tag)), "")


def cleaned(value: object) -> str:
    """A text without what FHIR's string can't have."""
    return _INVISIBLE.sub("", str(value)).strip().strip("\ufeff")


def count(keys: Keys, tag: str) -> int | None:
    """A whole number that isn't negative, as FHIR's unsignedInt wants it; None for any other.

    >>> count({"00200013": {"vr": "IS", "Value": ["7"]}}, "00200013")
    7
    """
    told = text(keys, tag)
    if not told.isascii() or not told.isdigit() or len(told) > _MOST_DIGITS:
        return None
    number = int(told)
    return number if number <= _LARGEST else None


def items(keys: Keys, tag: str) -> list[Keys]:
    """The items of a sequence."""
    return [v for v in values(keys, tag) if isinstance(v, Mapping)]


def uid(keys: Keys, tag: str) -> str:
    """A UID without what is padding."""
    return text(keys, tag).strip(". ")
