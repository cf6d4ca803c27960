"""What tests of the gateway share: a record of messages, and listeners on it."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fhirserver.app import open_database, open_keyring
from fhirserver.engine import Engine
from fhirserver.messages import Messages
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.intake import Directory, Intake
from hl7v2_gateway.listening import Asking, Group, Limits, Server
from hl7v2_gateway.listening.owed import Owed
from hl7v2_gateway.querying import EVENTS, Responder
from tests.peers.mllp_client import MllpClient


@pytest.fixture(autouse=True)
def own_garbage_only() -> Iterator[None]:
    """Many tests here take the time: what others have left isn't to be looked through meanwhile."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def messages(database: Database, database_url: str) -> Messages:
    return Messages(database, open_keyring(Settings(database_url=database_url), database))


@dataclass
class Listening:
    """A listener in this process."""

    port: int
    stop: Callable[[], None]

    def connect(self, **how: Any) -> MllpClient:
        return MllpClient(self.port, **how)


Listen = Callable[..., Listening]


@pytest.fixture
def listen(database_url: str) -> Iterator[Listen]:
    """A listener: `listen(senders=[...], limits=Limits(...))`; without senders it takes all."""
    running: list[Listening] = []

    def start(
        endpoints: list[dict[str, Any]] | None = None,
        limits: Limits | None = None,
        context: Callable[[], ssl.SSLContext] | None = None,
        engine: Engine | None = None,
        **more: Any,
    ) -> Listening:
        settings = Settings(database_url=database_url)
        bound = socket.create_server(("127.0.0.1", 0))
        port, started = bound.getsockname()[1], threading.Event()
        end: list[Callable[[], None]] = []

        async def serve() -> None:
            database = open_database(settings)
            messages = Messages(database, open_keyring(settings, database))
            intake = Intake(
                messages,
                Directory(lambda _: endpoints or []),
                is_open=endpoints is None,
                queries=frozenset() if engine is None else EVENTS,
                **more,
            )
            group = Group(intake.take, database.close, patience=1)
            owed = Owed(messages)
            asking = None
            if engine is not None:
                database_of = engine.context.store.database
                asking = Asking(Responder(lambda: engine).answer, database_of.close)
            server = Server(group, limits or Limits(), context=context, owed=owed, asking=asking)
            loop = asyncio.get_running_loop()
            end.append(lambda: loop.call_soon_threadsafe(server.stop))
            started.set()
            await server.run(bound)
            await group.stop()
            owed.close()
            if asking is not None:
                asking.close()

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        assert started.wait(60)

        def stop() -> None:
            if thread.is_alive():
                end[0]()
                thread.join(60)

        running.append(Listening(port, stop))
        return running[-1]

    yield start
    for one in running:
        one.stop()
