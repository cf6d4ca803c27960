"""The knowledge of medicines that the server has, made once for each state of its content."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, Protocol

from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import RXNORM, Code
from fhirserver.prescribing.knowledge import Knowledge, knowledge
from fhirserver.prescribing.wording import Language
from fhirserver.terminology.content import CodeSystem

# How RxNorm leads from a product to its ingredients, and what it calls those.
# https://www.nlm.nih.gov/research/umls/rxnorm/docs/appendix1.html
_DOWN: Final = (
    "consists_of", "has_ingredient", "has_ingredients", "has_part", "has_precise_ingredient",
    "form_of", "tradename_of", "contains",
)  # fmt: skip
_INGREDIENT: Final = "IN"
_STEPS: Final = 5
_MOST: Final = 60
_KEPT: Final = 4096


class Sources(Protocol):
    """Where ConceptMaps come from (terminology.content.Sources)."""

    @property
    def generation(self) -> str: ...

    def find(self, resource_type: str, canonical: str) -> Resource | None: ...

    def urls(self, resource_type: str) -> Iterable[str]: ...


CodeSystemOf = Callable[[str], CodeSystem | None]


class Medicines:
    """Keeps the knowledge until a conformance resource changes."""

    def __init__(self, sources: Sources, code_system: CodeSystemOf) -> None:
        """`code_system` finds a code system of which more than its name may be loaded."""
        self._sources = sources
        self._code_system = code_system
        self._lock = threading.Lock()
        self._kept: tuple[str, dict[Language, Knowledge]] | None = None

    def known(self, language: Language = "en") -> Knowledge:
        """What is known now, told in a language; never change it."""
        generation = self._sources.generation
        kept = self._kept
        if kept is None or kept[0] != generation or language not in kept[1]:
            with self._lock:
                kept = self._kept
                if kept is None or kept[0] != generation:
                    kept = self._kept = generation, {}
                if language not in kept[1]:
                    # Each step down is a query; a ward asks for the same medicines all day.
                    related = lru_cache(_KEPT)(self._related)
                    kept[1][language] = knowledge(self._maps(), related, language)
        return kept[1][language]

    def _maps(self) -> Iterable[Resource]:
        for url in self._sources.urls("ConceptMap"):
            found = self._sources.find("ConceptMap", url)
            if found is not None:
                yield found

    def _related(self, code: Code) -> tuple[Code, ...]:
        """The ingredients of a product by the relations of a loaded release of RxNorm."""
        system = self._code_system(RXNORM) if code.system == RXNORM else None
        if system is None:
            return ()
        found: set[Code] = set()
        seen: set[str] = set()
        frontier = [code.code]
        for _ in range(_STEPS):
            following: list[str] = []
            for each in frontier:
                concept = system.concept(each) if each not in seen else None
                seen.add(each)
                if concept is None:
                    continue
                if _INGREDIENT in concept.values("TTY"):
                    found.add(Code(RXNORM, concept.code))
                    continue
                following += (str(v) for name in _DOWN for v in concept.values(name))
            frontier = following[:_MOST]
        return tuple(sorted(found))
