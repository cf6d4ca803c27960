"""Practitioners and the posts they hold.

https://hl7.org/fhir/R4/practitionerrole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import SNOMED, Resource, coding, concept, hl7, identifier, present
from fhirserver.demo.hospital.links import Links

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri")
ALL_WEEK: Final = (*WEEKDAYS, "sat", "sun")
OFFICE: Final = frozenset({"reception", "admin", "auditor", "integrator"})


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who works here; `key` also names the post."""

    key: str
    role: str
    department: str
    ward: str
    sex: str
    given: str
    family: str
    born: str
    account: str | None

    @property
    def name(self) -> str:
        """As on the badge."""
        prefix = table("staff")["roles"][self.role].get("prefix")
        return " ".join(part for part in (prefix, self.given, self.family) if part)


@cache
def members(seed: int) -> tuple[Member, ...]:
    """Everyone, by post; the first of each role owns the demo account named after it."""
    chance = Random(f"{seed}/staff")
    names = table("names")
    seen: set[str] = set()
    found: list[Member] = []
    for role, department, ward, count in table("staff")["posts"]:
        for number in range(1, count + 1):
            sex = chance.choice(("female", "male"))
            found.append(
                Member(
                    key=f"{role}-{department}-{number}",
                    role=role,
                    department=department,
                    ward=ward,
                    sex=sex,
                    given=chance.choice(names[sex]),
                    family=chance.choice(names["family"]),
                    born=f"{chance.randrange(1962, 1998)}-{chance.randrange(1, 13):02}-15",
                    account=None if role in seen else role,
                )
            )
            seen.add(role)
    return tuple(found)


def practitioners(links: Links) -> Iterator[Resource]:
    """One Practitioner for each member of staff."""
    for number, member in enumerate(members(links.seed), start=1):
        known = [identifier("practitioner", member.key)]
        if member.account:
            known.append(identifier("demo-account", member.account))
        role = table("staff")["roles"][member.role]
        degree = role.get("degree")
        name = {"use": "official", "family": member.family, "given": [member.given]}
        yield links.head("Practitioner", member.key) | present({
            "identifier": known,
            "active": True,
            "name": [name | {"prefix": [role["prefix"]]} if "prefix" in role else name],
            "telecom": [
                {"system": "phone", "value": f"+1 602 555 {1000 + number}", "use": "work"},
                {"system": "email", "value": f"{member.key}@saguaro.example", "use": "work"},
            ],
            "gender": member.sex,
            "birthDate": member.born,
            "qualification": [{"code": hl7("v2-0360", *degree)}] if degree else None,
            "communication": [{"coding": [coding("urn:ietf:bcp:47", "en-US", "English")]}],
        })  # fmt: skip


def roles(links: Links) -> Iterator[Resource]:
    """The post each member holds."""
    departments = {d["key"]: d for d in table("premises")["departments"]}
    for member in members(links.seed):
        role = table("staff")["roles"][member.role]
        department = departments[member.department]
        codes = [concept(SNOMED, role["snomed"], member.role)]
        if "role" in role:
            codes.append(hl7("practitioner-role", *role["role"]))
        specialty = department.get("specialty")
        days = WEEKDAYS if member.role in OFFICE else ALL_WEEK
        yield links.head("PractitionerRole", member.key) | present({
            "active": True,
            "practitioner": links.to("Practitioner", member.key, member.name),
            "organization": links.to("Organization", member.department, department["name"]),
            "code": codes,
            "specialty": [concept(SNOMED, specialty)] if specialty else None,
            "location": [links.to("Location", member.ward)],
            "availableTime": [{
                "daysOfWeek": list(days),
                "availableStartTime": role["start"],
                "availableEndTime": role["end"],
            }],
            "availabilityExceptions": "Not on public holidays" if days is WEEKDAYS else None,
        })  # fmt: skip
