"""What queries compare, taken from the attributes of an instance into columns.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.2.2.2.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from fhirserver.instances.facts import Keys

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
_SPACES: Final = re.compile(r"[\s\x00-\x1f]+")
_MOST_CHARACTERS: Final = 256


def of_level(keys: Keys, level: frozenset[str]) -> dict[str, Any]:
    """The attributes of the study, or of the series."""
    return {tag: value for tag, value in keys.items() if tag in level}


def of_instance(keys: Keys) -> dict[str, Any]:
    """The attributes of the instance alone."""
    return {tag: v for tag, v in keys.items() if tag not in STUDY and tag not in SERIES}


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """A text as it is compared: without case, accents and needless spaces.

    >>> fold("  DOE^Zoë  Anne")
    'doe^zoe anne'
    """
    plain = text.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _SPACES.sub(" ", plain).strip()[:_MOST_CHARACTERS]


def name(text: str) -> str:
    """A person's name as it is compared: folded, without empty components at its end.

    >>> name("Doe^Jane^^^")
    'doe^jane'
    """
    return "^".join(part.strip() for part in fold(text).split("^")).rstrip("^")


def first(keys: Keys, tag: str) -> str:
    """The first value of an attribute as text, empty where there is none."""
    values = _values(keys, tag)
    return plain(str(values[0])) if values and not isinstance(values[0], Mapping) else ""


def plain(text: str) -> str:
    """A code or an identifier as it is compared: without spaces around, and without controls.

    >>> plain(" 4711\\0")
    '4711'
    """
    return _SPACES.sub(" ", text).strip()[:_MOST_CHARACTERS]


def names(keys: Keys, tag: str) -> tuple[str, str, str]:
    """The three forms of a person's name, as they are compared."""
    values = _values(keys, tag)
    found = values[0] if values and isinstance(values[0], Mapping) else {}
    alphabetic, ideographic, phonetic = (name(str(found.get(g) or "")) for g in _GROUPS)
    return alphabetic, ideographic, phonetic


def date(text: str) -> str:
    """A date (DA) as it is compared, empty where it is none. Old ones have points.

    >>> date("2024.05.01"), date("2024"), date("yesterday")
    ('20240501', '', '')
    """
    digits = text.replace(".", "").replace("-", "")
    return digits if re.fullmatch(r"[0-9]{8}", digits) else ""


def time(text: str) -> str:
    """A time (TM) as it is compared, the lowest that it may be; empty where it is none.

    >>> time("0930"), time("09:30:15.5"), time("noon")
    ('093000.000000', '093015.500000', '')
    """
    found = re.fullmatch(r"([0-9]{2}(?:[0-9]{2}){0,2})(?:\.([0-9]{1,6}))?", text.replace(":", ""))
    return f"{found[1]:0<6}.{found[2] or '':0<6}" if found else ""


def number(text: str) -> int | None:
    """An integer string (IS) as a number.

    >>> number(" 3 "), number("three")
    (3, None)
    """
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,12})(?:\.0*)?\s*", text)
    return int(found[1]) if found else None


def _values(keys: Keys, tag: str) -> list[Any]:
    attribute = keys.get(tag)
    values = attribute.get("Value") if isinstance(attribute, Mapping) else None
    return values if isinstance(values, list) else []
