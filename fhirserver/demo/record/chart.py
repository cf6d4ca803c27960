"""The open chart: what every entry in one patient's record needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from fhirserver.demo.bundle import Style, reference
from fhirserver.demo.fhir import Resource
from fhirserver.demo.history import Stay
from fhirserver.demo.hospital.directory import Directory
from fhirserver.demo.identity import Ids
from fhirserver.demo.person import Person
from fhirserver.demo.physiology import Body


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient, and `end`: now, or the moment of death."""

    person: Person
    body: Body
    end: datetime
    chance: Random
    house: Directory
    style: Style
    ids: Ids
    patient: str
    subject: Resource
    physician: Resource

    def head(self, type_: str) -> Resource:
        """Type and id of the next resource of that type."""
        return {"resourceType": type_, "id": self.ids.next(type_)}

    def ref(self, resource: Resource, display: str | None = None) -> Resource:
        """A Reference to a resource of this record."""
        return reference(self.style, resource, display)

    def someone(self, role: str, department: str) -> Resource:
        """A Reference to a member of staff."""
        return self.house.someone(self.chance, role, department)


@dataclass(frozen=True, slots=True)
class Contact:
    """An encounter as its entries see it: who, why, and the stay it is part of."""

    encounter: Resource
    doctor: Resource
    nurse: Resource
    reason: str
    department: str
    reasons: tuple[Resource, ...] = ()
    stay: Stay | None = None
