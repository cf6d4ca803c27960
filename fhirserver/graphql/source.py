"""Where the resources of a query come from: the server answers these with the caller's rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from fhirserver.model.resource import Resource

Name = tuple[str, str]
"""A resource's type and id."""
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Edge:
    """A match of a search, with what the search says of it."""

    resource: Resource
    mode: str | None = None
    score: object = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of matches; `offset` is how many come before it, `size` how many it may have."""

    edges: Sequence[Edge]
    total: int | None
    offset: int
    size: int
    next: str | None = None
    previous: str | None = None


class Source(Protocol):
    """What a query asks of the server; each call is a constant number of requests."""

    def read(self, names: AbstractSet[Name]) -> Mapping[Name, Resource]:
        """The resources with these names that are here and may be read."""
        ...

    def version(self, name: Name, version: str) -> Resource | None:
        """One version of one resource; None if it isn't here or may not be read."""
        ...

    def matches(self, resource_type: str, pairs: Pairs) -> Sequence[Resource]:
        """All matches; raises TooCostly when there are more than fit into one answer."""
        ...

    def referring(
        self, resource_type: str, code: str, names: Sequence[Name], pairs: Pairs
    ) -> Mapping[Name, Sequence[Resource]]:
        """All matches that refer to these resources by a search parameter, by what they refer to.

        Raises TooCostly when there are more than fit into one answer.
        """
        ...

    def page(self, resource_type: str, pairs: Pairs) -> Page:
        """The first page of a search."""
        ...

    def turned(self, resource_type: str, cursor: str) -> Page:
        """The page that a cursor of another page leads to."""
        ...

    def literal(self, reference: str) -> tuple[Name, str | None] | None:
        """What a reference names on this server, with a version; None if it is nothing here."""
        ...
