"""The search parameters of the plain search, and those of the types that only this suite has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.storage import plain_search as plain
from tests.storage.plain_search import Parameter, at, code, concept, date, only, patient, refer

_PEOPLE = ("Practitioner", "PractitionerRole", "RelatedPerson", "Patient", "Organization")
_ANY = ("Patient", "Observation", "Condition", "Encounter", "DocumentReference", "Practitioner",
        "Organization", "Location", "Group", "List")  # fmt: skip

PARAMETERS: dict[str, dict[str, Parameter]] = plain.PARAMETERS | {
    "CareTeam": {
        "status": code("status"),
        "category": concept("category"),
        "date": date("period"),
        "subject": refer("subject", "Group", "Patient"),
        "patient": patient("subject"),
        "encounter": refer("encounter", "Encounter"),
        "participant": refer("participant.member", "CareTeam", *_PEOPLE),
        "identifier": plain.IDENTIFIER,
    },
    "Appointment": {
        "status": code("status"),
        "date": date("start"),
        "actor": refer(
            "participant.actor", "Device", "HealthcareService", "Location", *_PEOPLE[:-1]
        ),
        "patient": patient("participant.actor"),
        "practitioner": Parameter(
            "reference", "Reference", only("participant.actor", "Practitioner"), ("Practitioner",)
        ),
        "location": Parameter(
            "reference", "Reference", only("participant.actor", "Location"), ("Location",)
        ),
        "service-type": concept("serviceType"),
        "identifier": plain.IDENTIFIER,
    },
    "DocumentReference": {
        "status": code("status"),
        "type": concept("type"),
        "category": concept("category"),
        "date": date("date"),
        "subject": refer("subject", "Practitioner", "Group", "Device", "Patient"),
        "patient": patient("subject"),
        "author": refer("author", "Device", *_PEOPLE),
        "encounter": refer("context.encounter", "Encounter", "EpisodeOfCare"),
        "identifier": Parameter("token", "Identifier", at("masterIdentifier", "identifier")),
    },
    "Provenance": {
        "target": refer("target", *_ANY),
        "patient": patient("target"),
        "recorded": date("recorded"),
        "agent": refer("agent.who", "Device", *_PEOPLE),
    },
    "Consent": {
        "status": code("status"),
        "category": concept("category"),
        "scope": concept("scope"),
        "date": date("dateTime"),
        "patient": refer("patient", "Patient"),
    },
}

# https://hl7.org/fhir/R4/compartmentdefinition-patient.html
MEMBERS: dict[str, tuple[str, ...]] = plain.MEMBERS | {
    "Appointment": ("actor",),
    "CareTeam": ("patient", "participant"),
    "Consent": ("patient",),
    "DocumentReference": ("subject", "author"),
    "Provenance": ("patient",),
}


class Clinic(plain.World):
    """Resources to search in, of all types of this suite."""

    parameters = PARAMETERS
    members = MEMBERS

    def included(
        self, matches: Iterable[dict[str, Any]], include: str, *, reverse: bool
    ) -> set[str]:
        """The addresses that `_include` or `_revinclude` adds for some matches."""
        source, name, *target = include.split(":")
        shown = list(matches)
        if not reverse:
            named = {
                v.get("reference", "")
                for r in shown
                if r["resourceType"] == source
                for v in PARAMETERS[source][name].find(r)
            }
            found = {a for a in named if a in self.by_address}
        else:
            here = {address(r) for r in shown}
            return {
                address(r)
                for r in self.by_type.get(source, ())
                if any(v.get("reference") in here for v in PARAMETERS[source][name].find(r))
            }
        return {a for a in found if not target or a.startswith(f"{target[0]}/")}


def address(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


class Searchable:
    """Whether one parameter finds one resource by itself, as rules ask."""

    def __init__(self) -> None:
        self._alone = Clinic([], datetime(2026, 1, 1, tzinfo=UTC))

    def holds(self, resource: dict[str, Any], key: str, value: str) -> bool:
        return self._alone.holds(resource, key, value)
