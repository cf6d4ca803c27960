"""A code system whose CodeSystem resource lists its concepts, compiled for quick answers.

https://hl7.org/fhir/R4/codesystem.html#hierarchy
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.terminology.content import Concept, Designation, Filter, Property, Selection
from fhirserver.terminology.filters import Narrowed, narrowed
from fhirserver.terminology.texts import matcher

_DEFINED: Final = "http://hl7.org/fhir/concept-properties#"
_MEANINGS: Final = frozenset({"parent", "child", "status", "inactive", "notSelectable"})
_STATUS_EXTENSION: Final = (
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"
)

# A deprecated concept may still be used, a retired one may not.
_STATUSES: Final = frozenset(
    {"active", "inactive", "retired", "deprecated", "withdrawn", "experimental", "draft"}
)
_INACTIVE: Final = frozenset({"inactive", "retired"})
_MOST_FILTERS_KEPT: Final = 200
_PARENT: Final = "parent"
_CHILD: Final = "child"


class ListedCodeSystem:
    """A content.CodeSystem made of a CodeSystem resource."""

    def __init__(self, resource: Resource) -> None:
        self.about: Resource = {k: v for k, v in resource.items() if k not in {"concept", "text"}}
        self.url: str = resource.get("url", "")
        self.version: str | None = resource.get("version")
        # The standard gives no default. What isn't said to be insensitive is taken literally:
        # a wrong case is a mistake more often than not.
        self.is_case_sensitive: bool = resource.get("caseSensitive", True)
        self.language: str | None = resource.get("language")
        self._meanings = _meanings(resource.get("property", ()))
        self._concepts: dict[str, Concept] = {}
        self._parents: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self._add(resource.get("concept", ()))
        # A tree of concepts within concepts; what properties say may be no tree.
        self.is_hierarchical: bool = bool(self._parents)
        self._link()
        self._folded: dict[str, Concept] = (
            {} if self.is_case_sensitive else {c.casefold(): k for c, k in self._concepts.items()}
        )
        self._ancestors: dict[str, frozenset[str]] = {}
        self._narrowed: dict[Filter, Narrowed] = {}

    def __len__(self) -> int:
        return len(self._concepts)

    @functools.cached_property
    def property_codes(self) -> frozenset[str]:
        """The codes of the properties that are declared, or that a concept has."""
        used = (p.code for c in self._concepts.values() for p in c.properties)
        return frozenset((*(p.get("code") for p in self.about.get("property", ())), *used))

    def concept(self, code: str) -> Concept | None:
        found = self._concepts.get(code)
        if found is None and self._folded:
            found = self._folded.get(code.casefold())
        return found

    def parents(self, code: str) -> Sequence[str]:
        return self._parents.get(code, ())

    def children(self, code: str) -> Sequence[str]:
        return self._children.get(code, ())

    def is_descendant(self, code: str, ancestor: str) -> bool:
        return ancestor in self._above(code)

    def matches(self, concept: Concept, filters: Sequence[Filter]) -> bool:
        return all(self._narrow(f).has(concept) for f in filters)

    def select(
        self, selection: Selection, *, offset: int = 0, limit: int | None = None
    ) -> Iterable[Concept]:
        found = self._selected(selection)
        return found if not offset and limit is None else _part(found, offset, limit)

    def count(self, selection: Selection) -> int | None:
        if selection == Selection():
            return len(self._concepts)
        return sum(1 for _ in self._selected(selection))

    def _selected(self, selection: Selection) -> Iterator[Concept]:
        conditions = [self._narrow(f) for f in selection.filters]
        start = min((c.codes for c in conditions if c.codes is not None), key=len, default=None)
        found: Iterable[Concept] = self._concepts.values()
        if start is not None and len(start) * 4 < len(self._concepts):
            found = [self._concepts[c] for c in start if c in self._concepts]
        text = matcher(selection.text) if selection.text else None
        for concept in found:
            if selection.active_only and concept.is_inactive:
                continue
            if all(c.has(concept) for c in conditions) and (text is None or text(concept)):
                yield concept

    def _narrow(self, condition: Filter) -> Narrowed:
        known = self._narrowed.get(condition)
        if known is None:
            known = narrowed(self, condition)
            if len(self._narrowed) < _MOST_FILTERS_KEPT:
                self._narrowed[condition] = known
        return known

    def descendants(self, code: str) -> dict[str, None]:
        """The codes below a code, in the order of the hierarchy."""
        found: dict[str, None] = {}
        waiting = list(reversed(self._children.get(code, ())))
        while waiting:
            below = waiting.pop()
            if below not in found and below != code:
                found[below] = None
                waiting.extend(reversed(self._children.get(below, ())))
        return found

    def _above(self, code: str) -> frozenset[str]:
        known = self._ancestors.get(code)
        if known is None:
            found: set[str] = set()
            waiting = list(self._parents.get(code, ()))
            while waiting:
                above = waiting.pop()
                if above not in found and above != code:
                    found.add(above)
                    waiting.extend(self._parents.get(above, ()))
            known = self._ancestors[code] = frozenset(found)
        return known

    def _add(self, concepts: Iterable[Resource]) -> None:
        """All concepts, parents before children; a stack, as a file may nest them deeply."""
        waiting: list[tuple[Resource, str | None]] = [(c, None) for c in reversed(list(concepts))]
        while waiting:
            concept, parent = waiting.pop()
            code = concept.get("code", "")
            if code not in self._concepts:
                self._concepts[code] = _concept(concept, self._meanings)
            if parent is not None:
                self._relate(code, parent)
            waiting.extend((c, code) for c in reversed(concept.get("concept", ())))

    def _link(self) -> None:
        """What the properties `parent` and `child` say of the hierarchy."""
        for concept in self._concepts.values():
            for found in concept.properties:
                meaning = self._meanings.get(found.code, found.code)
                if meaning == _PARENT:
                    self._relate(concept.code, _code(found.value))
                elif meaning == _CHILD:
                    self._relate(_code(found.value), concept.code)

    def _relate(self, code: str, parent: str) -> None:
        parents = self._parents.setdefault(code, [])
        if parent not in parents:
            parents.append(parent)
            self._children.setdefault(parent, []).append(code)


def concept_of(concept: Resource, about: Resource) -> Concept:
    """A concept of a CodeSystem resource as the engine sees it; `about` declares its properties."""
    return _concept(concept, _meanings(about.get("property", ())))


def _part(found: Iterable[Concept], offset: int, limit: int | None) -> Iterator[Concept]:
    return islice(iter(found), offset, None if limit is None else offset + limit)


def _meanings(properties: Iterable[Resource]) -> dict[str, str]:
    """FHIR's name of a property by the name it has here: its uri says which one it is.

    One that is called as FHIR would call it is taken for that, whatever its uri.
    """
    uris = {p["code"]: str(p.get("uri", "")) for p in properties if p.get("code")}
    return {
        code: uri.removeprefix(_DEFINED)
        for code, uri in uris.items()
        if uri.startswith(_DEFINED) and uri.removeprefix(_DEFINED) in _MEANINGS
    }


def _code(value: Any) -> str:
    return str(value.get("code", "")) if isinstance(value, dict) else str(value)


def _concept(concept: Resource, meanings: dict[str, str]) -> Concept:
    properties = tuple(_properties(concept.get("property", ())))
    extension = tuple(concept.get("extension", ()))
    meant = {meanings.get(p.code, p.code): p.value for p in properties}
    status = meant.get("status") or _standards_status(extension)
    if status not in _STATUSES:
        status = None
    is_inactive = meant.get("inactive") is True or status in _INACTIVE
    return Concept(
        code=concept.get("code", ""),
        display=concept.get("display"),
        definition=concept.get("definition"),
        designations=tuple(designation(d) for d in concept.get("designation", ())),
        properties=properties,
        extension=extension,
        is_inactive=is_inactive,
        is_abstract=meant.get("notSelectable") is True,
        status=status or ("inactive" if is_inactive else None),
    )


def _properties(properties: Iterable[Resource], source: str | None = None) -> Iterator[Property]:
    for found in properties:
        name = next((k for k in found if k.startswith("value")), None)
        if name is not None and found.get("code"):
            yield Property(found["code"], name.removeprefix("value"), found[name], source)


def properties(concept: Resource, source: str | None = None) -> tuple[Property, ...]:
    """The properties of a concept of a CodeSystem resource."""
    return tuple(_properties(concept.get("property", ()), source))


def designation(found: Resource, source: str | None = None) -> Designation:
    """A designation of a CodeSystem or ValueSet resource."""
    extension = tuple(found.get("extension", ()))
    return Designation(
        value=found.get("value", ""),
        language=found.get("language"),
        use=found.get("use"),
        status=_standards_status(extension),
        extension=extension,
        source=source,
    )


def _standards_status(extension: Iterable[Resource]) -> str | None:
    return next((e.get("valueCode") for e in extension if e.get("url") == _STATUS_EXTENSION), None)
