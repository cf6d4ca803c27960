"""The parameters of QIDO-RS: which attributes match, which are told, and how many. PS3.18 8.3.4

Attributes are named by tag or by keyword, those of sequences by a path with dots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.errors import Invalid

MOST: Final = 10_000
USUAL: Final = 1_000
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_KEYWORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_BOOLEAN: Final = {"true": True, "false": False}
_MOST_PAIRS: Final = 200
_MOST_STEPS: Final = 8


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked. `keys` is a DICOM JSON model; so is `included`, without values."""

    keys: Mapping[str, Any] = field(default_factory=dict)
    included: Mapping[str, Any] = field(default_factory=dict)
    is_all: bool = False
    is_fuzzy: bool = False
    limit: int = USUAL
    offset: int = 0
    is_limited: bool = False
    """Whether the limit is ours, as more were asked for than are told at once."""


def query(pairs: Iterable[tuple[str, str]]) -> Query:
    """The query of a request's parameters. Raises Invalid, naming the parameter."""
    keys: dict[str, Any] = {}
    included: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for number, (name, value) in enumerate(pairs):
        if number >= _MOST_PAIRS:
            raise Invalid("the query has too many parameters")
        match name.lower():
            case "includefield":
                for one in filter(None, (v.strip() for v in value.split(","))):
                    if one.lower() == "all":
                        more["is_all"] = True
                    else:
                        _put(included, one, None)
            case "fuzzymatching":
                more["is_fuzzy"] = _boolean(name, value)
            case "limit":
                wanted = _number(name, value)
                more["limit"] = min(wanted, MOST)
                more["is_limited"] = wanted > MOST
            case "offset":
                more["offset"] = _number(name, value)
            case "accept" | "charset" | "emptyvaluematching" | "multiplevaluematching":
                pass
            case _:
                _put(keys, name, value)
    return Query(keys, included, **more)


def tag_of(name: str) -> tuple[str, str]:
    """The tag of an attribute, and its value representation. Raises Invalid.

    >>> tag_of("PatientName"), tag_of("0020000d")
    (('00100010', 'PN'), ('0020000D', 'UI'))
    """
    # A third of a second, for the first query only.
    from pydicom.datadict import dictionary_VR, tag_for_keyword  # noqa: PLC0415

    if _TAG.fullmatch(name):
        number = int(name, 16)
    else:
        found = tag_for_keyword(name) if _KEYWORD.fullmatch(name) else None
        if found is None:
            raise Invalid(f"{name[:64]!r} is no attribute, and no parameter of a query")
        number = int(found)
    try:
        vr = str(dictionary_VR(number))
    except KeyError:
        vr = "UN"
    return f"{number:08X}", vr.split(" ", maxsplit=1)[0]


def _put(model: dict[str, Any], path: str, value: str | None) -> None:
    steps = path.split(".")
    if len(steps) > _MOST_STEPS:
        raise Invalid(f"{path[:64]!r} is nested too deep")
    for step in steps[:-1]:
        tag, vr = tag_of(step)
        if vr != "SQ":
            raise Invalid(f"{step[:64]!r} is no sequence")
        element = model.setdefault(tag, {"vr": "SQ"})
        items = element.setdefault("Value", [{}])
        model = items[0]
    tag, vr = tag_of(steps[-1])
    element = model.setdefault(tag, {"vr": vr})
    if value is None or value in {"", '""'}:
        return
    if vr == "SQ":
        raise Invalid(f"{path[:64]!r} is a sequence: name an attribute in it")
    found = element.setdefault("Value", [])
    # Several UIDs, or several values of which one has to match.
    for one in value.replace("\\", ",").split(",") if vr in {"UI", "CS"} else [value]:
        found.append({"Alphabetic": one} if vr == "PN" else one.strip())


def _number(name: str, value: str) -> int:
    if not value.isdecimal() or len(value) > 9:
        raise Invalid(f"{name} is a number, 0 or more")
    return int(value)


def _boolean(name: str, value: str) -> bool:
    found = _BOOLEAN.get(value.lower())
    if found is None:
        raise Invalid(f"{name} is true or false")
    return found
