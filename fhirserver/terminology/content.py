"""What the engine needs of a code system, whoever holds its concepts.

A small one is compiled from its CodeSystem resource (`listed.py`). One with millions of concepts
stays in a database: no method here walks all of them, and filters, text and paging are part of
the question, so that an implementation can push them down to its indexes.

https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fhirserver.model.resource import Resource


@dataclass(frozen=True, slots=True)
class Designation:
    """Another name of a concept. `source` is the supplement that gives it, if one does."""

    value: str
    language: str | None = None
    use: Resource | None = None
    status: str | None = None
    """The standards status where one is given: a withdrawn name is no longer a right one."""
    extension: tuple[Resource, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a concept; `type` is the ending of FHIR's name for the value: `Code`."""

    code: str
    type: str
    value: Any
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of a code system, with the properties that FHIR itself gives a meaning."""

    code: str
    display: str | None = None
    definition: str | None = None
    designations: tuple[Designation, ...] = ()
    properties: tuple[Property, ...] = ()
    extension: tuple[Resource, ...] = ()
    is_inactive: bool = False
    is_abstract: bool = False
    status: str | None = None

    def values(self, code: str) -> list[Any]:
        """The values of one of its properties."""
        return [p.value for p in self.properties if p.code == code]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition of a ValueSet's include: https://hl7.org/fhir/R4/valueset-filter-operator.html"""

    property: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which concepts are wanted: those that pass every condition.

    Every word of `text` must begin a word of the display or of a designation, or the code.
    """

    filters: tuple[Filter, ...] = ()
    text: str | None = None
    active_only: bool = False


class CodeSystem(Protocol):
    """A version of a code system."""

    @property
    def about(self) -> Resource:
        """The CodeSystem resource without its concepts; never change it."""
        ...

    @property
    def url(self) -> str: ...

    @property
    def version(self) -> str | None: ...

    @property
    def is_case_sensitive(self) -> bool: ...

    @property
    def language(self) -> str | None:
        """Of the displays."""
        ...

    @property
    def is_hierarchical(self) -> bool:
        """Whether its concepts form a tree, as which an expansion can show them."""
        ...

    def concept(self, code: str) -> Concept | None:
        """The concept with this code; where case doesn't matter its `code` may be spelt otherwise.

        A code system with a grammar (UCUM, language tags) makes one for every code that is right.
        """
        ...

    def parents(self, code: str) -> Sequence[str]: ...

    def children(self, code: str) -> Sequence[str]: ...

    def is_descendant(self, code: str, ancestor: str) -> bool:
        """Whether `code` is below `ancestor`, at whatever depth; no concept is below itself."""
        ...

    def matches(self, concept: Concept, filters: Sequence[Filter]) -> bool:
        """Whether the concept passes all filters; raises errors.FhirError for an unknown one."""
        ...

    def select(
        self, selection: Selection, *, offset: int = 0, limit: int | None = None
    ) -> Iterable[Concept]:
        """The concepts that are wanted, always in the same order; lazily where that is dear."""
        ...

    def count(self, selection: Selection) -> int | None:
        """How many `select` would give; None where there is no end, as with a grammar."""
        ...


class Sources(Protocol):
    """Where resources come from: what is stored, else what is shipped (model.conformance)."""

    @property
    def generation(self) -> str:
        """Another text after every change, so that what was compiled before is thrown away."""
        ...

    def find(self, resource_type: str, canonical: str) -> Resource | None: ...

    def urls(self, resource_type: str) -> Iterable[str]: ...

    def versions(self, resource_type: str, url: str) -> Sequence[str]:
        """The versions there are of one url, in no special order; "" for one without version."""
        ...


class Dictionaries(Protocol):
    """Code systems that are held otherwise than as CodeSystem resources: concept tables."""

    def code_system(self, url: str, version: str | None) -> CodeSystem | None:
        """The code system, in its newest version where none is given."""
        ...

    def versions(self, url: str) -> Sequence[str]: ...


class Code(Protocol):
    """A code as somebody gives it. Without `system` it is looked for in all systems of a value
    set, as for an element of type `code`."""

    @property
    def system(self) -> str | None: ...

    @property
    def code(self) -> str: ...

    @property
    def version(self) -> str | None: ...


class Codes(Protocol):
    """All that validation and FHIRPath need of terminology."""

    def member_of(self, value_set: str, coding: Code) -> bool | None:
        """Whether a code is in a value set; None when that can't be decided here."""
        ...

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        """Whether `code` is `other` or above it; None when the code system isn't known."""
        ...
