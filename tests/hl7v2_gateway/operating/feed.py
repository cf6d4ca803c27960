"""A sender of its own and what its messages have made, for tests."""

from __future__ import annotations

import time
from typing import Any

from fhirserver import ids, queues
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import TOPIC, Messages
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from hl7v2_gateway.intake import Directory, Intake, Received
from hl7v2_gateway.operating.answering import OURS
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.mapped import made_of, supports
from tests.hl7v2_gateway.v2 import a_message, a_sender, member

SYSTEM = "https://west.example/mrn"


class Feed:
    """A sender, all of whose segments are complete, or none."""

    def __init__(self, engine: Engine, messages: Messages, *snapshots: str) -> None:
        self.engine, self.messages = engine, messages
        self.application = ids.new()[-10:]
        authority = {
            "url": "authority",
            "extension": [member("name", "WEST"), member("system", SYSTEM, "Uri")],
        }
        complete = [member("snapshot", s, "Code") for s in snapshots]
        sender = a_sender(
            f"s-{self.application}", member("application", self.application), authority, *complete
        )
        self.directory = Directory(lambda _: [sender])
        self.intake = Intake(messages, self.directory, supports=supports)
        self.converter = Converter(engine, messages, self.directory, made_of)
        self.mrn, self.visit = ids.new(), ids.new()

    def raw(self, more: str = "", event: str = "ADT^A08", visit: str = "") -> bytes:
        raw = a_message(event, patient=self.mrn, application=self.application)
        number = f"||||||||||||||||{visit or self.visit}^^^WEST^VN"
        return raw.replace(b"W1^101^1\r", f"W1^101^1{number}\r{more}".encode())

    def take(self, *raw: bytes) -> list[int]:
        self.messages.database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
        numbers = [a.id or 0 for a in self.intake.take([Received(r) for r in raw])]
        self.work()
        for number in numbers:
            found = self.messages.find(number)
            assert found is not None
            assert (found.head.state, found.head.reason) == ("done", None), found.head
        return numbers

    def work(self) -> None:
        """Convert what waits."""
        deadline = time.monotonic() + 60
        sql = "SELECT 1 FROM queue.item WHERE topic = %s LIMIT 1"
        while self.messages.database.read(sql, (TOPIC,)):
            queues.work(self.messages.database, TOPIC, self.converter.act, seconds=5)
            assert time.monotonic() < deadline

    def create(self, resource: Resource) -> str:
        """Write a resource as somebody else; its id."""
        kind = resource["resourceType"]
        answer = self.engine.handle(FhirRequest("create", OURS, type=kind, body=resource))
        return (answer.location or "").split("/")[1]

    def admit(self, more: str = "", event: str = "ADT^A08", visit: str = "") -> int:
        return self.take(self.raw(more, event, visit))[0]

    def patient(self) -> dict[str, Any]:
        [found] = looked_up(self.engine, "Patient", ("identifier", f"{SYSTEM}|{self.mrn}"))
        return found

    def stored(self, resource_type: str) -> list[dict[str, Any]]:
        whose = "beneficiary" if resource_type == "Coverage" else "patient"
        return looked_up(self.engine, resource_type, (whose, f"Patient/{self.patient()['id']}"))

    def codes(self, resource_type: str) -> set[str]:
        return {r["code"]["coding"][0]["code"] for r in self.stored(resource_type)}
