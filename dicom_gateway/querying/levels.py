"""The levels of the two query models, and what an identifier has to say of those above its own.

PS3.4 C.4.1.1 (Query/Retrieve Level), C.4.1.2.1 (hierarchical), C.4.1.2.2 (relational)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from dicom_gateway.matching import Item
from dicom_gateway.matching.wildcards import has_wildcards
from dicom_gateway.querying.questions import Level
from dicom_gateway.querying.reading import BadIdentifier

Root = Literal["patient", "study"]
WORDS: Final[Mapping[str, str]] = {
    "patient": "PATIENT",
    "study": "STUDY",
    "series": "SERIES",
    "instance": "IMAGE",
}
UNIQUE: Final[Mapping[Level, str]] = {
    "patient": "00100020",
    "study": "0020000D",
    "series": "0020000E",
    "instance": "00080018",
}
"""The unique key of each level."""
_LEVEL: Final = "00080052"
_LEVELS: Final[Sequence[Level]] = ("patient", "study", "series", "instance")
_NAMES: Final = {
    "00100020": "Patient ID",
    "0020000D": "Study Instance UID",
    "0020000E": "Series Instance UID",
    "00080018": "SOP Instance UID",
}


def level_of(keys: Item, root: Root) -> Level:
    """The Query/Retrieve Level. Raises BadIdentifier where it is none of the model's."""
    said = str(next(iter(keys.get(_LEVEL, {}).get("Value") or ()), "")).strip()
    for level, word in WORDS.items():
        if word == said and not (root == "study" and level == "patient"):
            return next(one for one in _LEVELS if one == level)
    raise BadIdentifier("Query/Retrieve Level is none of this model's", _LEVEL)


def above(root: Root, level: Level) -> Sequence[Level]:
    """The levels above one, in a model."""
    return _LEVELS[_LEVELS.index(root) : _LEVELS.index(level)]


def values(keys: Item, tag: str) -> list[str]:
    """The values of a unique key."""
    told: Sequence[Any] = keys.get(tag, {}).get("Value") or ()
    return [t for t in (str(v).strip(" \0") for v in told if v) if t]


def check_above(keys: Item, root: Root, level: Level) -> None:
    """Each level above has its unique key, with one value. Raises BadIdentifier."""
    for one in above(root, level):
        tag = UNIQUE[one]
        told = values(keys, tag)
        if len(told) != 1 or has_wildcards(told[0]):
            raise BadIdentifier(f"{_NAMES[tag]} must be one value at this level", tag)


def retrieved(keys: Item, root: Root, *, is_relational: bool) -> tuple[Level, dict[str, Any]]:
    """The level of a retrieval, and its unique keys, all that counts of its identifier (C.4.2.1).

    Raises BadIdentifier for one that doesn't say what is to be sent.
    """
    level = level_of(keys, root)
    if not is_relational:
        check_above(keys, root, level)
    own = values(keys, UNIQUE[level])
    if not own or any(map(has_wildcards, own)):
        raise BadIdentifier(f"{_NAMES[UNIQUE[level]]} must say what is wanted", UNIQUE[level])
    if level == "patient" and len(own) > 1:
        raise BadIdentifier("Patient ID must be one value", UNIQUE[level])
    wanted = (UNIQUE[one] for one in (*above(root, level), level))
    return level, {
        tag: {"vr": "LO" if tag == "00100020" else "UI", "Value": values(keys, tag)}
        for tag in wanted
        if values(keys, tag)
    }
