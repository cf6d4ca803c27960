"""What the versions of HL7 v2 say of segments and data types, from the compiled dictionary.

Read once, when first asked for; each definition is taken apart when it is first used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from hl7v2_gateway.grammar.versions import nearest


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a segment or a component of a data type. `most` is None for any number."""

    number: int
    name: str
    """As PATIENT_NAME."""
    type: str
    """The data type, as XPN; `varies` where another field says it."""
    least: int
    most: int | None
    table: str | None
    """As HL70001."""

    @property
    def required(self) -> bool:
        return self.least > 0


@lru_cache(maxsize=4)
def dictionary(name: str) -> Any:
    """One file of the dictionary."""
    files = resources.files("hl7v2_gateway.grammar") / "dictionary" / name
    return json.loads(files.read_text(encoding="utf-8"))


@lru_cache(maxsize=4096)
def segment(name: str, version: str) -> tuple[Part, ...]:
    """The fields of a segment, in order; nothing for a segment that the version hasn't.

    >>> segment("PID", "2.5.1")[4].name, segment("PID", "2.5.1")[4].type
    ('PATIENT_NAME', 'XPN')
    """
    return _parts("segments.json", name, version)


@lru_cache(maxsize=4096)
def datatype(name: str, version: str) -> tuple[Part, ...]:
    """The components of a data type, in order; nothing for a primitive one.

    >>> [part.type for part in datatype("CX", "2.5.1")][:4]
    ['ST', 'ST', 'ID', 'HD']
    """
    return _parts("datatypes.json", name, version)


def _parts(file: str, name: str, version: str) -> tuple[Part, ...]:
    content = dictionary(file)
    number = content["versions"][nearest(version)].get(name)
    if number is None:
        return ()
    return tuple(
        _part(n, content["parts"][part])
        for n, part in enumerate(content["lists"][number], 1)
        if content["parts"][part]
    )


def _part(number: int, text: str) -> Part:
    name, type_, least, most, table = (word if word != "-" else "" for word in text.split("|"))
    return Part(number, name, type_, int(least), None if most == "*" else int(most), table or None)
