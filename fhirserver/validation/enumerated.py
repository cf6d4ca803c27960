"""Codes by enumeration: what can be said of value sets without a terminology engine.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fhirserver.model import definitions
from fhirserver.model.conformance import Conformance
from fhirserver.model.enumeration import Enumeration
from fhirserver.model.resource import Resource
from fhirserver.validation.options import Coding


class EnumeratedCodes:
    """An `options.Codes` over the value sets and code systems of a Conformance."""

    def __init__(self, conformance: Conformance) -> None:
        self._enumeration = Enumeration(
            _Found(conformance, "ValueSet"), _Found(conformance, "CodeSystem")
        )
        self._known: dict[str, Mapping[str, frozenset[str] | set[str]] | None] = {}

    def member_of(self, value_set: str, coding: Coding) -> bool | None:
        """Whether a code is in a value set; None when it can't be enumerated."""
        url = value_set.partition("|")[0]
        if url not in self._known:
            self._known[url] = definitions.load().codes(url) or self._enumeration.codes(url)
        codes = self._known[url]
        if codes is None:
            return None
        if coding.system is None:
            return any(coding.code in each for each in codes.values())
        return coding.code in codes.get(coding.system, ())

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        """Whether a code is another one or above it; hierarchies aren't known here."""
        return True if code == other else None


class _Found(Mapping[str, Resource]):
    """A Conformance as the mapping that Enumeration asks."""

    def __init__(self, conformance: Conformance, resource_type: str) -> None:
        self._conformance = conformance
        self._type = resource_type

    def __getitem__(self, url: str) -> Resource:
        found = self._conformance.find(self._type, url)
        if found is None:
            raise KeyError(url)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._conformance.urls(self._type))

    def __len__(self) -> int:
        return sum(1 for _ in self)
