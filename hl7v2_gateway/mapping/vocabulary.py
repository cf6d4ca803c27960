"""The vocabulary maps of the tables, with the overlay's over them.

A map's name is written in several ways in the tables (`Yes/NoIndicator`, `Contact Role`): only its
letters, digits and brackets count.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hl7v2_gateway.mapping.context import Codes

FOLDER: Final = Path(__file__).parent


def vocabulary(name: str) -> Codes:
    """The vocabulary map of this name; KeyError when neither tables nor overlay have it."""
    return _vocabularies()[key(name)]


def has_vocabulary(name: str) -> bool:
    """Whether there is such a map."""
    return key(name) in _vocabularies()


def key(name: str) -> str:
    """A map's name in one spelling."""
    return re.sub(r"[^a-z0-9\[\]]", "", name.lower())


def loaded(folder: str, name: str) -> Any:
    """A JSON file of the tables or of the overlay."""
    return json.loads((FOLDER / folder / f"{name}.json").read_bytes())


@functools.cache
def _vocabularies() -> Mapping[str, Codes]:
    found: dict[str, Codes] = {}
    over = loaded("overlay", "vocabularies")["maps"]
    official = loaded("tables", "vocabularies")["maps"]
    for name in [*official, *(n for n in over if n not in official)]:
        codes: dict[str, tuple[str, str, str]] = {}
        table = ""
        for code, target, system, display, source in official.get(name, ()):
            codes[code] = (target, system.strip(), display)
            table = table or _table(source)
        for code, target in over.get(name, {}).items():
            if code == "":
                table = target
            elif target is None:
                codes.pop(code, None)
            else:
                codes[code] = (target[0], target[1], target[2])
        folded: dict[str, tuple[str, str, str]] = {}
        for code, target in codes.items():
            folded.setdefault(code.upper(), target)
        found[key(name)] = Codes(name, codes, table, folded)
    return found


def _table(source: str) -> str:
    digits = source.upper().removeprefix("HL7")
    return f"http://terminology.hl7.org/CodeSystem/v2-{int(digits):04d}" if digits.isdigit() else ""
