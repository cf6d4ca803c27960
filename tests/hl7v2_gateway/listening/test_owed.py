"""Application acknowledgements: each is sent once, however many listeners have the sender."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from fhirserver import ids
from fhirserver.app import open_keyring
from fhirserver.messages import Arrival, Messages
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.listening.owed import Owed


class Connection:
    """Keeps what it is to send, and takes its time for it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.has_begun = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def send(self, message: bytes) -> None:
        self.has_begun.set()
        await self.may_go_on.wait()
        self.sent.append(message)


@pytest.fixture
def listeners(database_url: str) -> Iterator[tuple[Owed, Owed]]:
    """Two, each with connections of its own to the database."""
    settings = Settings(database_url=database_url)
    found = []
    for _ in range(2):
        database = Database(database_url)
        found.append(Owed(Messages(database, open_keyring(settings, database))))
    yield found[0], found[1]
    for owed in found:
        owed.close()


@pytest.fixture
def sender(messages: Messages) -> str:
    """Who is owed one acknowledgement."""
    name = ids.new()
    arrival = Arrival(b"MSH|^~\\&|A", name, "1", "ADT^A01", "2.5", lanes=(name,), ack=b"MSA|CA|1")
    [taken] = messages.take([arrival])
    messages.end(taken.id, "done", answer=b"MSA|AA|1")
    return name


def test_two_listeners_send_an_acknowledgement_once(
    listeners: tuple[Owed, Owed], sender: str
) -> None:
    async def both() -> tuple[Connection, Connection]:
        one, other = Connection(), Connection()
        first = asyncio.create_task(listeners[0].pay(sender, one))
        await one.has_begun.wait()
        assert await listeners[1].pay(sender, other) == 0
        one.may_go_on.set()
        other.may_go_on.set()
        assert await first == 1
        assert await listeners[1].pay(sender, other) == 0
        return one, other

    one, other = asyncio.run(both())

    assert one.sent == [b"MSA|AA|1"]
    assert other.sent == []


def test_what_a_listener_could_not_send_another_one_does(
    listeners: tuple[Owed, Owed], sender: str
) -> None:
    class Broken(Connection):
        async def send(self, message: bytes) -> None:
            raise ConnectionResetError

    async def both() -> Connection:
        with pytest.raises(ConnectionResetError):
            await listeners[0].pay(sender, Broken())
        other = Connection()
        other.may_go_on.set()
        assert await listeners[1].pay(sender, other) == 1
        return other

    assert asyncio.run(both()).sent == [b"MSA|AA|1"]


def test_who_ended_while_it_sent_holds_up_nobody(
    listeners: tuple[Owed, Owed], sender: str, database_url: str
) -> None:
    database = Database(database_url)
    settings = Settings(database_url=database_url)
    dead = Messages(database, open_keyring(settings, database))
    assert dead.claim(sender)
    connection = Connection()
    connection.may_go_on.set()

    assert asyncio.run(listeners[0].pay(sender, connection)) == 0
    database.close()

    async def until_sent() -> None:
        # PostgreSQL lets the claim go as soon as it notices.
        while not await listeners[0].pay(sender, connection):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(until_sent(), 60))
    assert connection.sent == [b"MSA|AA|1"]
