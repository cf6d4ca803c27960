"""A server whose changes leave for receivers on this machine, by turns that tests take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fhirserver import ids, queues
from fhirserver.app import open_keyring
from fhirserver.sent_messages import TOPIC, SentMessages
from hl7v2_gateway.reactions.sending import WITHOUT_END
from hl7v2_gateway.sending.choosing import chosen
from hl7v2_gateway.sending.delivery import Delivery
from hl7v2_gateway.sending.directory import Directory
from tests.peers.hl7_receiver import Receiver, hl7_receiver

OURS = "https://fhirserver.example/StructureDefinition/"
READER = "test-hl7v2-send"


@pytest.fixture(scope="session")
def sending_app(make_app):
    return make_app(allow_local_addresses=True)


@pytest.fixture
def ward(sending_app, client_of):
    """A client that may do everything."""
    return client_of(sending_app)


@pytest.fixture
def engine(sending_app):
    return sending_app.extensions["fhirserver"]


@pytest.fixture
def sent(engine) -> SentMessages:
    database = engine.context.store.database
    return SentMessages(database, open_keyring(engine.context.settings, database))


@pytest.fixture
def peer() -> Iterator[Receiver]:
    with hl7_receiver() as made:
        yield made


@pytest.fixture
def turn(engine, database, monkeypatch) -> Iterator[Callable[..., None]]:
    """Does all that is to be done: reads the change log, and works off the queue."""
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    queues.begin(database, READER)
    directory = Directory(engine)
    choose, delivery = chosen(directory), Delivery(engine, directory)

    def is_behind() -> bool:
        # What is committed is only read when whoever else was writing then has ended.
        return any(b.changes for b in queues.behind(database) if b.name == READER)

    def run(*, once: bool = False) -> None:
        """Everything is sent, tried again until it is; or is tried `once`."""
        monkeypatch.setattr(queues, "delay", lambda attempts: 3600.0 if once else 0.0)
        database.write("UPDATE queue.item SET due = now() WHERE topic = %s", (TOPIC,))
        ends = time.monotonic() + 60
        while is_behind():
            assert time.monotonic() < ends, "somebody holds up the change log"
            with database.transaction() as connection:
                while changes := queues.following(connection, READER, 1000):
                    for topic, item in choose(connection, changes):
                        queues.add(connection, topic, [item])
        queues.work(database, TOPIC, delivery.act, seconds=60, most_attempts=WITHOUT_END)

    run()
    yield run
    delivery.close()
    queues.forget(database, READER)
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))


@pytest.fixture
def receiver(ward, peer) -> Iterator[Callable[..., str]]:
    """Enters a receiver; its id. They are ended after the test."""
    made: list[str] = []

    def enter(*members: dict[str, Any], port: int | None = None) -> str:
        id_ = ids.new()
        answer = ward.put(
            f"/fhir/Endpoint/{id_}",
            json={
                "resourceType": "Endpoint",
                "id": id_,
                "status": "active",
                "name": "Laboratory",
                "connectionType": {
                    "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
                    "code": "hl7v2-mllp",
                },
                "payloadType": [{"text": "HL7 v2"}],
                "address": f"mllp://127.0.0.1:{port or peer.port}",
                "extension": [{"url": f"{OURS}hl7v2-receiver", "extension": list(members)}],
            },
        )
        assert answer.status_code in {200, 201}, answer.text
        made.append(id_)
        return id_

    yield enter
    for id_ in made:
        ward.delete(f"/fhir/Endpoint/{id_}")


def member(name: str, value: str, kind: str = "String") -> dict[str, Any]:
    """A member of the extension of a receiver."""
    return {"url": name, f"value{kind}": value}


APPLICATION = member("application", "LIS")
