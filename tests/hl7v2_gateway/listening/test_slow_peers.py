"""Senders that read slowly, stop in the middle or send more than anybody can hold at once."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from fhirserver import ids
from fhirserver.keys.tls import Listener
from fhirserver.settings import Settings
from hl7v2_gateway.framing import Decoder, Frame, framed
from hl7v2_gateway.intake import Answer, Received
from hl7v2_gateway.listening import Group, Limits, Server
from hl7v2_gateway.listening.owed import Owed
from tests.hl7v2_gateway.conftest import Listen
from tests.hl7v2_gateway.v2 import a_message
from tests.peers.authority import Authority

LONG_ANSWER = b"MSH|^~\\&|||||||ACK|1|P|2.5\rMSA|AA|1\rNTE|1||" + b"x" * 10_000 + b"\r"


class Serving:
    """A listener whose messages are answered by the test."""

    def __init__(self, take, limits: Limits | None = None, owed: Owed | None = None) -> None:
        self.port = 0
        self._started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(take, limits or Limits(), owed)), daemon=True
        )
        self._thread.start()
        assert self._started.wait(60)

    async def _serve(self, take, limits: Limits, owed: Owed | None) -> None:
        bound = socket.create_server(("127.0.0.1", 0))
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.port = bound.getsockname()[1]
        group = Group(take, lambda: None, patience=1)
        server = Server(group, limits, owed=owed)
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(server.stop)
        self._started.set()
        await server.run(bound)
        await group.stop()

    def stop(self, seconds: float = 60) -> bool:
        """Whether it ends in time."""
        self._end()
        self._thread.join(seconds)
        return not self._thread.is_alive()


def narrow(port: int) -> socket.socket:
    """A connection that takes in little before somebody reads from it."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(60)
    made.connect(("127.0.0.1", port))
    return made


def answers_in(connection: socket.socket) -> int:
    decoder, count = Decoder(1_000_000), 0
    while data := connection.recv(65_536):
        count += sum(isinstance(event, Frame) for event in decoder.feed(data))
    return count


def test_a_sender_that_reads_its_answers_late_gets_all_of_them() -> None:
    took = []

    def take(batch):
        took.extend(batch)
        return [Answer(1, LONG_ANSWER, "AA") for _ in batch]

    serving = Serving(take)
    with narrow(serving.port) as client:
        client.sendall(framed(a_message()) * 6)
        client.shutdown(socket.SHUT_WR)
        wait_until(lambda: len(took) == 6)
        # Long enough for the listener to have nothing left to do but to wait for its reader.
        time.sleep(1)
        assert answers_in(client) == 6
    assert serving.stop()


def test_a_sender_that_never_reads_does_not_harm_those_that_connect_after_it(monkeypatch) -> None:
    monkeypatch.setattr("hl7v2_gateway.listening.connection.DRAIN_SECONDS", 0.3)
    serving = Serving(lambda batch: [Answer(1, LONG_ANSWER, "AA") for _ in batch])
    for _ in range(3):
        silent = narrow(serving.port)
        silent.sendall(framed(a_message()) * 200)
        time.sleep(1)
        with socket.create_connection(("127.0.0.1", serving.port), 30) as client:
            client.sendall(framed(a_message()))
            assert len(client.recv(65_536)) > 100
        silent.close()
    assert serving.stop()


def test_a_sender_in_the_middle_of_its_handshake_does_not_keep_the_listener_from_stopping(
    listen: Listen, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    server = authority.sign("server")
    tls = Listener(Settings(), certificate=server, key=server.with_suffix(".key"))
    listener = listen(context=lambda: tls.context)
    with socket.create_connection(("127.0.0.1", listener.port), 30) as plain:
        # The listener has accepted it, and waits.
        time.sleep(0.3)
        stopping = threading.Thread(target=listener.stop)
        stopping.start()
        time.sleep(0.3)
        context = ssl.create_default_context(cafile=authority.path)
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
                cut = secured.recv(1) == b""
        except OSError:
            cut = True
        stopping.join(60)

        assert cut
        assert not stopping.is_alive()


class Due:
    """Messages of which an application acknowledgement is owed at all times."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.sent: dict[str, int] = {}
        self.database = self

    def owed(self, sender: str, *, limit: int):
        if limit > 1:
            self.sent[sender] = self.sent.get(sender, 0) + 1
        self.asked[sender] = self.asked.get(sender, 0) + 1
        return [(n, LONG_ANSWER) for n in range(50)] if sender == "silent" else []

    def paid(self, ids_) -> list[int]:
        return list(ids_)

    def claim(self, sender: str) -> bool:
        return bool(sender)

    def let_go(self, sender: str) -> None: ...

    def close(self) -> None: ...


def test_a_sender_that_does_not_take_its_application_acknowledgements_holds_up_nobody() -> None:
    due = Due()
    owed = Owed(due)  # type: ignore[arg-type]

    def take(batch: list[Received]):
        names = ["silent" if b"SILENT" in one.raw else "other" for one in batch]
        return [Answer(1, b"MSH|^~\\&\r", "CA", name, owes_more=True) for name in names]

    serving = Serving(take, owed=owed)
    with narrow(serving.port) as silent, narrow(serving.port) as other:
        silent.sendall(framed(a_message(application="SILENT")))
        wait_until(lambda: due.sent.get("silent"))
        other.sendall(framed(a_message()))

        wait_until(lambda: due.asked.get("other", 0) > 2)
        # What it was sent and hasn't taken isn't sent again and again.
        assert due.sent["silent"] == 1
    owed.close()
    assert serving.stop()


@pytest.mark.parametrize("size", [1_000_000])
def test_messages_that_wait_are_held_only_so_far(size: int) -> None:
    held, most, gate = set(), [0], threading.Event()

    def take(batch: list[Received]):
        gate.wait(60)
        held.update(id(one) for one in batch)
        return [Answer(1, b"MSH|^~\\&\r", "AA") for _ in batch]

    class Watched(Group):
        def submit(self, received: Received):
            most[0] += len(received.raw)
            return super().submit(received)

    limits = Limits(message_bytes=2 * size, waiting_bytes=4 * size)
    started, ports, ends = threading.Event(), [], []

    async def serve() -> None:
        bound = socket.create_server(("127.0.0.1", 0))
        ports.append(bound.getsockname()[1])
        group = Watched(take, lambda: None, patience=1)
        server = Server(group, limits)
        loop = asyncio.get_running_loop()
        ends.append(lambda: loop.call_soon_threadsafe(server.stop))
        started.set()
        await server.run(bound)
        await group.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    started.wait(60)
    raw = a_message(control=ids.new()[-20:], more="NTE|1||" + "x" * size + "\r")

    def send(client: socket.socket) -> None:
        client.sendall(framed(raw) * 10)

    clients = [socket.create_connection(("127.0.0.1", ports[0]), 60) for _ in range(3)]
    sending = [threading.Thread(target=send, args=(c,)) for c in clients]
    for one in sending:
        one.start()
    waiting, since = 0, time.monotonic()
    while not size < waiting or time.monotonic() < since + 1.5:
        if most[0] > waiting:
            waiting, since = most[0], time.monotonic()
        assert time.monotonic() < since + 60, "none of them has come"
        time.sleep(0.05)
    gate.set()
    for client, one in zip(clients, sending, strict=True):
        one.join(60)
        client.shutdown(socket.SHUT_WR)
        assert answers_in(client) == 10
        client.close()
    ends[0]()
    thread.join(60)

    assert size < waiting <= 5 * (size + 1000)
    assert not thread.is_alive()


def wait_until(claim, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.01)
