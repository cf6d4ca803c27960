"""CodeSystem resources with their concepts by code, so that nobody walks a tree for each code.

https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from fhirserver.model.conformance import Conformance
from fhirserver.model.kept import Kept

# The display of a concept may differ in these and mean the same.
_IGNORED: Final = str.maketrans("", "", " \t\n-,.'")

# Codings that are kept with what is known of them, and how long a display of one may be.
CODINGS_KEPT: Final = 8_192
_LONGEST: Final = 200

# Concepts that are kept: about half a kilobyte each, as parsed.
KEPT: Final = 20_000


class System(NamedTuple):
    """What a CodeSystem resource says of itself, and its concepts by their codes."""

    content: str
    is_supplement: bool
    concepts: Mapping[str, Mapping[str, Any]]

    def calls(self, code: str, display: str) -> bool:
        """Whether a display is one of a code's, or there is none to compare it with."""
        concept = self.concepts.get(code)
        if concept is None or not concept.get("display"):
            return True
        names = [concept["display"], *(d.get("value") for d in concept.get("designation", ()))]
        return _folded(display) in {_folded(n) for n in names if n}


def _folded(text: str) -> str:
    return text.casefold().translate(_IGNORED)


class Systems:
    """The code systems of a Conformance; those used last are kept."""

    def __init__(self, conformance: Conformance) -> None:
        self._conformance = conformance
        self._kept = Kept[System | None](KEPT)
        self._agrees = lru_cache(CODINGS_KEPT)(self._found_to_agree)

    def find(self, url: str) -> System | None:
        """A code system by its address; None when it isn't known."""
        kept = self._kept.get(url)
        if kept is not None:
            return kept[0]
        found = self._read(url)
        self._kept.put(url, found, 1 + (len(found.concepts) if found is not None else 0))
        return found

    def agrees(self, url: str, code: str, display: Any) -> bool:
        """Whether there is nothing to say of a code's system and of its display."""
        if type(display) is not str:
            display = None
        elif len(display) > _LONGEST:
            return False
        return self._agrees(url, code, display)

    def _found_to_agree(self, url: str, code: str, display: str | None) -> bool:
        system = self.find(url)
        if system is None:
            return True
        return not system.is_supplement and (display is None or system.calls(code, display))

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
