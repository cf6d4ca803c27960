"""The hospital as a patient's record sees it: whom to name and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from fhirserver.demo.bundle import Style
from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import Resource
from fhirserver.demo.hospital.links import Links
from fhirserver.demo.hospital.premises import bed_name, beds
from fhirserver.demo.hospital.staff import Member, members


@dataclass(frozen=True, slots=True)
class Directory:
    """Ready-made References, shared by every resource that uses them."""

    links: Links
    staff: Mapping[str, tuple[Resource, ...]]
    people: Mapping[str, Resource]
    wards: Mapping[str, Resource]
    beds: Mapping[str, tuple[Resource, ...]]
    departments: Mapping[str, Resource]

    def someone(self, chance: Random, role: str, department: str) -> Resource:
        """A member of staff, such as a nurse of intensive care."""
        found = self.staff[f"{role}/{department}"]
        return found[int(chance.random() * len(found))]


@lru_cache(maxsize=4)
def directory(seed: int, style: Style) -> Directory:
    """The directory for records of that seed and style."""
    links = Links(seed, style, inside=False)
    people = {m.key: links.to("Practitioner", m.key, m.name) for m in members(seed)}
    posts: dict[str, list[Member]] = {}
    for member in members(seed):
        posts.setdefault(f"{member.role}/{member.department}", []).append(member)
    premises = table("premises")
    return Directory(
        links=links,
        staff={post: tuple(people[m.key] for m in of) for post, of in posts.items()},
        people=people,
        wards={w["key"]: links.to("Location", w["key"], w["name"]) for w in premises["wards"]},
        beds={
            w["key"]: tuple(links.to("Location", key, bed_name(key)) for key in beds(w["key"]))
            for w in premises["wards"]
        },
        departments={
            d["key"]: links.to("Organization", d["key"], d["name"])
            for d in (*premises["departments"], premises["organization"], premises["payer"])
        },
    )
