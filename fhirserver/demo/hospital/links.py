"""How one resource names a resource of the hospital."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.demo.bundle import Style
from fhirserver.demo.fhir import Resource, identifier
from fhirserver.demo.identity import uuid


@dataclass(frozen=True, slots=True)
class Links:
    """Ids and References of the hospital's resources, by type and key.

    `inside` is the hospital's own Bundle; a posted patient Bundle is outside it and must
    ask for the resource by identifier.
    """

    seed: int
    style: Style
    inside: bool

    def id(self, type_: str, key: str) -> str:
        """The logical id."""
        return uuid(f"{self.seed}/hospital/{type_}/{key}")

    def to(self, type_: str, key: str, display: str | None = None) -> Resource:
        """A Reference."""
        target = {"reference": self._target(type_, key)}
        return target | {"display": display} if display else target

    def head(self, type_: str, key: str) -> Resource:
        """The first lines of the resource: type, id, and the identifier that finds it."""
        return {
            "resourceType": type_,
            "id": self.id(type_, key),
            "identifier": [identifier(type_.lower(), key)],
        }

    def _target(self, type_: str, key: str) -> str:
        if self.style == "put":
            return f"{type_}/{self.id(type_, key)}"
        if self.inside:
            return f"urn:uuid:{self.id(type_, key)}"
        known = identifier(type_.lower(), key)
        return f"{type_}?identifier={known['system']}|{known['value']}"
