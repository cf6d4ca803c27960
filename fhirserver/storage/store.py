"""The store: a database, with the little that reading and writing resources needs beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fhirserver.model.resource import Resource
from fhirserver.search.index import IndexValues, Stamp
from fhirserver.storage.database import Database
from fhirserver.storage.experience import Experience
from fhirserver.storage.guard import Guard, See
from fhirserver.storage.sealed_content import Sealing
from fhirserver.storage.sizes import TypeSizes
from fhirserver.storage.texts import TextDictionary


@dataclass(frozen=True, slots=True)
class Store:
    """`extract` and `stamp` make the index values and the owner of a resource, as the caller sees.

    `guard` is what the one whose store it is may do: nothing else is there for them.
    """

    database: Database
    extract: Callable[[Resource], IndexValues]
    stamper: Callable[[Resource, See], Stamp]
    texts: TextDictionary
    sizes: TypeSizes
    guard: Guard
    sealing: Sealing
    experience: Experience = field(default_factory=Experience)

    def stamp(self, resource: Resource) -> Stamp:
        """Whose a resource is, as far as the caller sees what it is about."""
        return self.stamper(resource, self.guard.reading)
