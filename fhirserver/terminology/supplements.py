"""A code system together with its supplements: more designations, properties, extensions.

https://hl7.org/fhir/R4/codesystem.html#supplements
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from fhirserver.model.resource import Resource
from fhirserver.terminology.content import CodeSystem, Concept, Filter, Selection
from fhirserver.terminology.listed import designation, properties
from fhirserver.terminology.texts import matcher


class Supplemented:
    """A content.CodeSystem that adds what supplements say of its concepts."""

    def __init__(self, base: CodeSystem, supplements: Sequence[Resource]) -> None:
        self._base = base
        self._added: dict[str, list[tuple[str, Resource]]] = {}
        declared = list(base.about.get("property", ()))
        for supplement in supplements:
            declared += supplement.get("property", ())
            for concept in _all(supplement.get("concept", ())):
                self._added.setdefault(concept.get("code", ""), []).append(
                    (canonical(supplement), concept)
                )
        self.about: Resource = {**base.about, "property": declared}

    @property
    def url(self) -> str:
        return self._base.url

    @property
    def version(self) -> str | None:
        return self._base.version

    @property
    def is_case_sensitive(self) -> bool:
        return self._base.is_case_sensitive

    @property
    def language(self) -> str | None:
        return self._base.language

    @property
    def is_hierarchical(self) -> bool:
        return self._base.is_hierarchical

    def concept(self, code: str) -> Concept | None:
        found = self._base.concept(code)
        return self._enriched(found) if found is not None else None

    def parents(self, code: str) -> Sequence[str]:
        return self._base.parents(code)

    def children(self, code: str) -> Sequence[str]:
        return self._base.children(code)

    def is_descendant(self, code: str, ancestor: str) -> bool:
        return self._base.is_descendant(code, ancestor)

    def matches(self, concept: Concept, filters: Sequence[Filter]) -> bool:
        return self._base.matches(concept, filters)

    def select(
        self, selection: Selection, *, offset: int = 0, limit: int | None = None
    ) -> Iterable[Concept]:
        if selection.text is None:
            return map(self._enriched, self._base.select(selection, offset=offset, limit=limit))
        return islice(
            self._with_text(selection, selection.text),
            offset,
            None if limit is None else offset + limit,
        )

    def count(self, selection: Selection) -> int | None:
        if selection.text is None:
            return self._base.count(selection)
        return sum(1 for _ in self.select(selection))

    def _with_text(self, selection: Selection, text: str) -> Iterator[Concept]:
        """Those that have the text themselves, then those that only a supplement gives it."""
        seen = set()
        for concept in self._base.select(selection):
            seen.add(concept.code)
            yield self._enriched(concept)
        has_text = matcher(text)
        for code in self._added:
            found = self.concept(code)
            if (
                found is not None
                and found.code not in seen
                and has_text(found)
                and not (selection.active_only and found.is_inactive)
                and self._base.matches(found, selection.filters)
            ):
                yield found

    def _enriched(self, concept: Concept) -> Concept:
        added = self._added.get(concept.code)
        if added is None:
            return concept
        return replace(
            concept,
            designations=(
                *concept.designations,
                *(designation(d, s) for s, c in added for d in c.get("designation", ())),
            ),
            properties=(*concept.properties, *(p for s, c in added for p in properties(c, s))),
            extension=(*concept.extension, *(e for _, c in added for e in c.get("extension", ()))),
        )


def canonical(resource: Resource) -> str:
    """`url|version` of a resource."""
    version = resource.get("version")
    return f"{resource.get('url')}|{version}" if version else str(resource.get("url"))


def _all(concepts: Iterable[Resource]) -> Iterator[Resource]:
    waiting = list(reversed(list(concepts)))
    while waiting:
        concept = waiting.pop()
        yield concept
        waiting.extend(reversed(concept.get("concept", ())))
