"""CodeSystem resources with their concepts by code, so that nobody walks a tree for each code.

https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fhirserver.model.conformance import Conformance
from fhirserver.model.kept import Kept

# Concepts that are kept: about half a kilobyte each, as parsed.
KEPT: Final = 20_000


class System(NamedTuple):
    """What a CodeSystem resource says of itself, and its concepts by their codes."""

    content: str
    is_supplement: bool
    concepts: Mapping[str, Mapping[str, Any]]


class Systems:
    """The code systems of a Conformance; those used last are kept."""

    def __init__(self, conformance: Conformance) -> None:
        self._conformance = conformance
        self._kept = Kept[System | None](KEPT)

    def find(self, url: str) -> System | None:
        """A code system by its address; None when it isn't known."""
        kept = self._kept.get(url)
        if kept is not None:
            return kept[0]
        found = self._read(url)
        self._kept.put(url, found, 1 + (len(found.concepts) if found is not None else 0))
        return found

    def _read(self, url: str) -> System | None:
        definition = self._conformance.find("CodeSystem", url)
        if definition is None:
            return None
        concepts: dict[str, Mapping[str, Any]] = {}
        waiting = list(reversed(definition.get("concept", ())))
        while waiting:
            concept = waiting.pop()
            concepts.setdefault(concept.get("code", ""), concept)
            waiting += reversed(concept.get("concept", ()))
        content = definition.get("content", "")
        return System(content, content == "supplement" or "supplements" in definition, concepts)
