"""`fhirserver push` as a process of its own, and listeners over real sockets."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from conformance.loopback import unused_port
from fhirserver.settings import Settings


@dataclass
class Pushing:
    """The running process."""

    port: int
    process: psutil.Process

    def workers(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def memory(self) -> int:
        return sum(p.memory_info().rss for p in self.workers())

    def threads(self) -> int:
        return sum(p.num_threads() for p in self.workers())

    def get(self, path, token=None, **headers):
        """Status, headers and body of an answer that ends."""
        connection = self.asked(path, token, **headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def asked(self, path, token=None, **headers) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", path, headers=given | headers)
        return connection


@dataclass
class Listening:
    """A listener: `next` is the event that comes, with its name, id and data."""

    connection: http.client.HTTPConnection
    answer: http.client.HTTPResponse
    heard: list[dict] = field(default_factory=list)
    last_id: str = ""

    def next(self, seconds: float = 60.0) -> dict | None:
        """The next event; None at the end. Raises TimeoutError when none comes."""
        sock = self.connection.sock or self.answer.fp.raw._sock
        sock.settimeout(seconds)
        event: dict = {}
        while True:
            line = self.answer.readline().decode()
            if not line:
                return None
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "id":
                self.last_id = value
            if name and name != "retry":
                event[name] = json.loads(value) if name == "data" else value
            elif not name and "event" in event:
                self.heard.append(event)
                return event
            elif not name and not line.strip():
                event = {}

    def until(self, claim: Callable[[dict], bool], seconds: float = 60.0) -> list[dict]:
        """The data of all changes up to the first that the claim holds for."""
        ends, found = time.monotonic() + seconds, []
        while time.monotonic() < ends:
            event = self.next(max(0.1, ends - time.monotonic()))
            assert event is not None, "the stream has ended"
            if event["event"] == "change":
                found.append(event["data"])
                if claim(event["data"]):
                    return found
        raise AssertionError("it never came")

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


def _key_file() -> Path:
    return (Settings().data_dir / "keys" / "master.keys").resolve()


@pytest.fixture(scope="session")
def pushing(database_url, tmp_path_factory) -> Iterator[Pushing]:
    port = unused_port()
    folder = tmp_path_factory.mktemp("push")
    ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fhirserver", "push", "--push-port", str(port),
             "--data-dir", str(folder)],
            # The keys are those of the application that the tests write with.
            env=ours
            | {"FHIRSERVER_DATABASE_URL": database_url, "FHIRSERVER_KEY_FILE": str(_key_file())},
            stdout=log,
            stderr=log,
        )  # fmt: skip
    ends = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < ends, "it doesn't start"
            time.sleep(0.1)
    yield Pushing(port, psutil.Process(process.pid))
    process.terminate()
    process.wait(60)


@pytest.fixture
def listen(pushing, token) -> Iterator[Callable[..., Listening]]:
    """`listen("?_type=Task", own_token, last="id")`: returns when the listener has begun."""
    made: list[Listening] = []

    def begin(query: str = "", bearer: str | None = None, last: str | None = None) -> Listening:
        more = {"Last-Event-ID": last} if last else {}
        connection = pushing.asked(f"/push{query}", bearer or token(), **more)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        made.append(Listening(connection, answer))
        if last is None:
            assert made[-1].next()["event"] == "ready"
        return made[-1]

    yield begin
    for one in made:
        one.close()
