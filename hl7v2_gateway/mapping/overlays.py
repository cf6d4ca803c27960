"""Overlays of senders: rows over the tables for one sender, as data.

    {"slots": {"ZBE": [["Encounter[1]", "ZBE[Encounter]", ""]]},
     "maps": {"PID[Patient]": {"add": [["PID-39", "@tribe.valueString", "ST[string]"]],
                               "drop": {"28": "this sender repeats PID-3 there"}}},
     "codes": {"AdministrativeSex": {"W": ["female", "http://hl7.org/fhir/administrative-gender"]}}}

Some lie in `overlay/senders/`; a site has others (operating/overlays.py). Of several the last wins.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hl7v2_gateway.mapping.context import Answers
from hl7v2_gateway.mapping.vocabulary import FOLDER

SENDERS: Final = FOLDER / "overlay" / "senders"
MEMBERS: Final = frozenset({"about", "version", "slots", "maps", "codes"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay by its name; what it says is known by its `digest`, for what is compiled of it."""

    name: str
    digest: str
    version: str = field(compare=False)
    content: Mapping[str, Any] = field(compare=False)

    @property
    def slots(self) -> Mapping[str, Any]:
        """Where segments belong that the structure doesn't have, and what they make."""
        found: Mapping[str, Any] = self.content.get("slots", {})
        return found

    @property
    def maps(self) -> Mapping[str, Any]:
        """Changes of segment maps, by their names."""
        found: Mapping[str, Any] = self.content.get("maps", {})
        return found

    @property
    def codes(self) -> Answers:
        """What codes mean, by vocabulary and code."""
        return dict(_codes(self.content.get("codes", {})))


def overlay_of(name: str, content: Mapping[str, Any], version: str = "") -> Overlay:
    """An overlay as it was written."""
    text = json.dumps(content, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Overlay(name, digest, version or str(content.get("version", "")), content)


@functools.cache
def shipped(name: str) -> Overlay | None:
    """An overlay that comes with the server."""
    path = SENDERS / f"{name}.json"
    if not name.replace("-", "").isalnum() or not path.is_file():
        return None
    return overlay_of(name, json.loads(path.read_bytes()))


def _codes(said: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], tuple[str, str, str]]]:
    for vocabulary, codes in said.items():
        for code, target in codes.items():
            code_, system, display = (*target, "", "")[:3]
            yield (vocabulary, code), (code_, system, display)
