"""The server of the pictures: who asks it, with whose rights, and what is made there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from conformance.faults.client import Client
from conformance.faults.server import Server
from fhirserver import clock
from tests.apps.accounts import account_at

Resource = dict[str, Any]
PATIENCE_SECONDS = 180.0
MRN = "https://fhirserver.example/mrn"


@dataclass(slots=True)
class Hospital:
    """A server with the demo hospital. `known` are the ids that addresses of pages name."""

    server: Server
    known: dict[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day on the hospital's calendar."""
        return (
            clock.now().astimezone(ZoneInfo(self.server.environment["FHIRSERVER_TIME_ZONE"])).date()
        )

    def client(self, user: str = "") -> Client:
        """With the rights of a demo account; without one, with all."""
        if not user:
            return self.server.client()
        return account_at(self.server, user)

    def made(self, resource: Resource, user: str = "") -> Resource:
        """The resource as it is stored."""
        with self.client(user) as client:
            answer = client.send("POST", resource["resourceType"], resource)
        assert answer.status == 201, answer.says
        return answer.json

    def found(self, query: str, user: str = "") -> list[Resource]:
        """The resources of a search."""
        with self.client(user) as client:
            answer = client.send("GET", query)
        assert answer.status == 200, answer.says
        return [entry["resource"] for entry in answer.json.get("entry", ())]

    def asked(self, path: str, user: str) -> Resource:
        """What an address outside FHIR answers."""
        with self.client(user) as client:
            answer = client.send("GET", self.address(path))
        assert answer.status == 200, answer.says
        return answer.json

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}/{path}"

    def account(self, user: str) -> dict[str, str]:
        """The person of a demo account, as a Reference with their name."""
        query = f"Practitioner?identifier=https://fhirserver.example/demo-account|{user}"
        person = self.found(query)[0]
        return {"reference": f"Practitioner/{person['id']}", "display": name_of(person)}


def name_of(person: Resource) -> str:
    """The name in the order in which it is spoken."""
    name = person["name"][0]
    return " ".join([*name.get("prefix", ()), *name["given"], name["family"]])


def number_of(patient: Resource) -> str:
    """The record number."""
    return next(str(i["value"]) for i in patient["identifier"] if i["system"] == MRN)
