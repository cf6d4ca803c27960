"""Code systems, value sets and concept maps by address, compiled and kept.

A `Library` answers for what the server has. A `Loan` puts the resources that come with one request
(`tx-resource`) before it, for that request alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

from fhirserver.model.canonicals import age
from fhirserver.model.kept import Kept
from fhirserver.model.resource import Resource
from fhirserver.terminology.concept_maps import ConceptMap, compile_concept_map
from fhirserver.terminology.content import CodeSystem, Dictionaries, Sources
from fhirserver.terminology.listed import ListedCodeSystem
from fhirserver.terminology.value_sets import ValueSet, compile_value_set
from fhirserver.terminology.versions import fits, newest

K = TypeVar("K")
T = TypeVar("T")

# A compiled concept takes about a kilobyte.
_KEPT_CONCEPTS: Final = 60_000
_KEPT_VALUE_SETS: Final = 20_000
_KEPT_MAPPINGS: Final = 60_000

Ends = tuple[str | None, str | None]


class Shelf(Protocol):
    """Where the engine looks content up."""

    def code_system(self, url: str, version: str | None) -> CodeSystem | None:
        """The newest version that fits; one that is only a supplement is found, too."""
        ...

    def value_set(self, url: str, version: str | None) -> ValueSet | None: ...

    def supplement(self, canonical: str) -> Resource | None:
        """The CodeSystem resource of a supplement."""
        ...

    def versions(self, resource_type: str, url: str) -> Sequence[str]: ...

    def concept_map(self, canonical: str) -> ConceptMap | None: ...

    def concept_maps(self, system: str, *, is_reverse: bool = False) -> Iterable[ConceptMap]:
        """The maps that translate codes of a system; in reverse, into its codes."""
        ...


class Library:
    """What the server has, stored or shipped, as long as nothing of it changes."""

    def __init__(self, sources: Sources, dictionaries: Iterable[Dictionaries] = ()) -> None:
        self._sources = sources
        self._dictionaries = tuple(dictionaries)
        self._systems = Kept[CodeSystem | None](_KEPT_CONCEPTS)
        self._sets = Kept[ValueSet | None](_KEPT_VALUE_SETS)
        self._maps = Kept[ConceptMap | None](_KEPT_MAPPINGS)
        self._ends: list[tuple[str, frozenset[Ends]]] | None = None

    def code_system(self, url: str, version: str | None) -> CodeSystem | None:
        kept = self._systems.get((url, version))
        if kept is None:
            found = self._code_system(url, version)
            self._systems.put((url, version), found, _weight(found))
            return found
        return kept[0]

    def value_set(self, url: str, version: str | None) -> ValueSet | None:
        kept = self._sets.get((url, version))
        if kept is None:
            resource = self._find("ValueSet", url, version)
            found = compile_value_set(resource) if resource is not None else None
            self._sets.put((url, version), found, found.size if found else 1)
            return found
        return kept[0]

    def supplement(self, canonical: str) -> Resource | None:
        found = self._sources.find("CodeSystem", canonical)
        return found if found is not None and found.get("content") == "supplement" else None

    def versions(self, resource_type: str, url: str) -> Sequence[str]:
        held = (v for d in self._dictionaries for v in d.versions(url))
        found = self._sources.versions(resource_type, url)
        return tuple(dict.fromkeys((*found, *held) if resource_type == "CodeSystem" else found))

    def concept_map(self, canonical: str) -> ConceptMap | None:
        kept = self._maps.get(canonical)
        if kept is None:
            resource = self._sources.find("ConceptMap", canonical)
            found = compile_concept_map(resource) if resource is not None else None
            self._maps.put(canonical, found, found.size if found else 1)
            return found
        return kept[0]

    def concept_maps(self, system: str, *, is_reverse: bool = False) -> Iterable[ConceptMap]:
        if self._ends is None:
            self._ends = self._all_ends()
        for url, ends in self._ends:
            if any(end[is_reverse] in {system, None} for end in ends):
                found = self.concept_map(url)
                if found is not None:
                    yield found

    def _all_ends(self) -> list[tuple[str, frozenset[Ends]]]:
        """Of every map the systems that it goes from and to: the maps themselves may be large."""
        found = []
        for url in self._sources.urls("ConceptMap"):
            resource = self._sources.find("ConceptMap", url) or {}
            groups = resource.get("group", ())
            found.append((url, frozenset((g.get("source"), g.get("target")) for g in groups)))
        return found

    def _code_system(self, url: str, version: str | None) -> CodeSystem | None:
        for dictionary in self._dictionaries:
            held = dictionary.code_system(url, version)
            if held is not None:
                return held
        resource = self._find("CodeSystem", url, version)
        return ListedCodeSystem(resource) if resource is not None else None

    def _find(self, resource_type: str, url: str, version: str | None) -> Resource | None:
        if version is None:
            return self._sources.find(resource_type, url)
        found = self._sources.find(resource_type, f"{url}|{version}")
        if found is None:
            best = newest(self._sources.versions(resource_type, url), version)
            found = self._sources.find(resource_type, f"{url}|{best}") if best else None
        return found


def _weight(system: CodeSystem | None) -> int:
    return len(system) + 1 if isinstance(system, ListedCodeSystem) else 1


class Loan:
    """The resources of one request before those of the server."""

    def __init__(self, resources: Iterable[Resource], behind: Shelf) -> None:
        self._behind = behind
        self._resources: dict[tuple[str, str], dict[str | None, Resource]] = {}
        for resource in resources:
            key = (resource.get("resourceType", ""), resource.get("url", ""))
            self._resources.setdefault(key, {}).setdefault(resource.get("version"), resource)
        self._systems: dict[tuple[str, str | None], CodeSystem] = {}
        self._sets: dict[tuple[str, str | None], ValueSet] = {}

    def code_system(self, url: str, version: str | None) -> CodeSystem | None:
        resource = self._find("CodeSystem", url, version)
        if resource is None:
            return self._behind.code_system(url, version)
        return _made(self._systems, (url, resource.get("version")), ListedCodeSystem, resource)

    def value_set(self, url: str, version: str | None) -> ValueSet | None:
        resource = self._find("ValueSet", url, version)
        if resource is None:
            return self._behind.value_set(url, version)
        return _made(self._sets, (url, resource.get("version")), compile_value_set, resource)

    def supplement(self, canonical: str) -> Resource | None:
        url, _, version = canonical.partition("|")
        found = self._find("CodeSystem", url, version or None)
        return found if found is not None else self._behind.supplement(canonical)

    def versions(self, resource_type: str, url: str) -> Sequence[str]:
        own = (v or "" for v in self._resources.get((resource_type, url), ()))
        return tuple(dict.fromkeys((*own, *self._behind.versions(resource_type, url))))

    def concept_map(self, canonical: str) -> ConceptMap | None:
        url, _, version = canonical.partition("|")
        resource = self._find("ConceptMap", url, version or None)
        if resource is None:
            return self._behind.concept_map(canonical)
        return compile_concept_map(resource)

    def concept_maps(self, system: str, *, is_reverse: bool = False) -> Iterable[ConceptMap]:
        for (resource_type, _), versions in self._resources.items():
            for resource in versions.values() if resource_type == "ConceptMap" else ():
                found = compile_concept_map(resource)
                ends = {g.target if is_reverse else g.source for g in found.groups}
                if ends & {system, None}:
                    yield found
        yield from self._behind.concept_maps(system, is_reverse=is_reverse)

    def _find(self, resource_type: str, url: str, version: str | None) -> Resource | None:
        own = self._resources.get((resource_type, url))
        if not own:
            return None
        fitting = [v for v in own if fits(v, version)]
        return own[max(fitting, key=age)] if fitting else None


def _made(kept: dict[K, T], key: K, make: Callable[[Resource], T], resource: Resource) -> T:
    found = kept.get(key)
    if found is None:
        found = kept[key] = make(resource)
    return found
