"""The clinic of the suite: random records with labels, teams, appointments, and several versions."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from fhirserver.model import json as fhir_json
from tests.security.noninterference.evaluator import Care, Directive, Share
from tests.security.noninterference.parameters import PARAMETERS
from tests.storage import random_queries
from tests.storage.random_records import Records, Resource

COUNTS = {
    "Organization": 8, "Practitioner": 8, "Location": 8, "Patient": 24, "Group": 8,
    "Encounter": 30, "Condition": 30, "Observation": 70, "List": 10, "CareTeam": 12,
    "Appointment": 18, "DocumentReference": 18, "Provenance": 26, "Consent": 8,
}  # fmt: skip
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
LABELS = [(CONFIDENTIALITY, "R"), (CONFIDENTIALITY, "V"), (ACT_CODE, "PSY"), (ACT_CODE, "HIV")]
KINDS = ["treatment", "unit", "assigned"]

# Numbers are texts in the records, so that they keep their digits.
_NUMBER = re.compile(r'("(?:value|latitude|longitude)": )"(-?[0-9.]+(?:e[0-9]+)?)"')


def body(record: Resource) -> Any:
    """A record as the server gets it."""
    return fhir_json.parse(_NUMBER.sub(r"\1\2", json.dumps(record)).encode())


class Clinic(Records):
    """Makes the records and what happens to them later, from one seed."""

    counts = COUNTS

    def _one(self, kind: str, id_: str) -> Resource:
        made = super()._one(kind, id_)
        if self.maybe(0.25) and kind not in ("Organization", "Location", "Practitioner"):
            system, code = self.pick(LABELS)
            meta = made.setdefault("meta", {})
            meta["security"] = [*meta.get("security", []), {"system": system, "code": code}]
        return made

    def again(self, kind: str, id_: str) -> Resource:
        """Another version of a record."""
        return self._one(kind, id_)

    def careteam(self) -> Resource:
        made: Resource = {"status": self.pick(["active", "inactive"])}
        if self.maybe(0.9):
            made["subject"] = self.reference("Patient", "Patient", "Patient", "Group")
        made["participant"] = [
            {"member": self.reference("Practitioner", "Patient", "Organization")}
            for _ in range(self.random.randint(1, 3))
        ]
        if self.maybe():
            made["managingOrganization"] = [self.reference("Organization")]
        if self.maybe(0.4):
            made["encounter"] = self.reference("Encounter")
        if self.maybe(0.4):
            made["category"] = [self.concept()]
        return made

    def appointment(self) -> Resource:
        """Some are shared by two patients."""
        kinds = ["Patient", self.pick(["Patient", "Practitioner"]), "Practitioner", "Location"]
        actors = [self.reference(k) for k in kinds[: self.random.randint(1, 4)]]
        self.random.shuffle(actors)
        made: Resource = {"status": self.pick(["booked", "cancelled", "fulfilled"])}
        made["start"], made["end"] = "2020-03-01T08:00:00Z", "2020-03-01T08:30:00Z"
        made["participant"] = [{"actor": a, "status": "accepted"} for a in actors]
        if self.maybe(0.4):
            made["serviceType"] = [self.concept()]
        return made | self.identifiers()

    def documentreference(self) -> Resource:
        made: Resource = {"status": self.pick(["current", "superseded"])}
        made["content"] = [{"attachment": {"contentType": "text/plain", "data": "QQ=="}}]
        if self.maybe(0.9):
            made["subject"] = self.reference("Patient", "Patient", "Practitioner")
        if self.maybe():
            made["author"] = [self.reference("Practitioner", "Patient", "Organization")]
        if self.maybe():
            made["type"] = self.concept()
        if self.maybe(0.4):
            made["category"] = [self.concept()]
        if self.maybe(0.5):
            made["date"] = "2020-02-29T23:30:00Z"
        if self.maybe(0.4):
            made["context"] = {"encounter": [self.reference("Encounter")]}
        return made | self.identifiers()

    def provenance(self) -> Resource:
        kinds = ["Observation", "Observation", "Condition", "Encounter", "Patient",
                 "DocumentReference"]  # fmt: skip
        return {
            "target": [self.reference(*kinds) for _ in range(self.random.randint(1, 2))],
            "recorded": self.pick(["2020-02-29T23:30:00Z", "2021-07-01T12:00:00.500Z"]),
            "agent": [{"who": self.reference("Practitioner", "Patient", "Organization")}],
        }

    def consent(self) -> Resource:
        made: Resource = {"status": self.pick(["active", "inactive"]), "scope": self.concept()}
        made["category"] = [self.concept()]
        made["policyRule"] = {"text": "opt in"}
        if self.maybe(0.9):
            made["patient"] = self.reference("Patient")
        return made

    def care(self) -> list[Care]:
        """Who cares for whom."""
        actors = [f"Practitioner/{i}" for i in self.ids["Practitioner"]]
        actors += [f"Organization/{i}" for i in self.ids["Organization"]]
        return [
            Care(patient, actor, self.pick(KINDS))
            for patient in self.ids["Patient"]
            for actor in self.random.sample(actors, self.random.randint(1, 4))
        ]

    def shares(self) -> list[Share]:
        """Which documents and consents some people may see by themselves."""
        targets = [
            f"{kind}/{i}" for kind in ("DocumentReference", "Consent") for i in self.ids[kind]
        ]
        return [
            Share(target, f"Practitioner/{i}")
            for i in self.ids["Practitioner"]
            for target in self.random.sample(targets, 5)
        ]

    def directives(self) -> list[Directive]:
        """What some patients' consents say."""
        found = []
        for patient in self.random.sample(self.ids["Patient"], 8):
            for depth in range(1, self.random.randint(1, 3) + 1):
                system, code = self.pick(LABELS)
                found.append(
                    Directive(
                        patient,
                        "deny" if depth % 2 == self.random.randint(0, 1) else "permit",
                        depth,
                        f"Practitioner/{self.pick(self.ids['Practitioner'])}"
                        if self.maybe(0.6)
                        else None,
                        self.pick(["Observation", "Condition"]) if self.maybe(0.4) else None,
                        f"{system}|{code}" if self.maybe(0.3) else None,
                    )
                )
        return found


class Queries(random_queries.Queries):
    """Searches over them, that ask for labels too."""

    parameters = PARAMETERS
    counts = COUNTS

    def __init__(self, random: Random, updated: list[str]) -> None:
        self.random = random
        self.ids = Clinic(0).ids
        self.updated = updated

    def pair(self, kind: str, *, depth: int = 0) -> tuple[str, str]:
        if self.random.random() < 0.06:
            system, code = self.random.choice(LABELS)
            key = self.random.choice(["_security", "_security:not"])
            return key, self.random.choice([code, f"{system}|{code}"])
        return super().pair(kind, depth=depth)
