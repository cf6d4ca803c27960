"""Events on their way into the database: none is lost, none comes twice, or nothing is answered."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.audit import spool
from fhirserver.audit.buffer import Buffer
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Caller, Event
from fhirserver.errors import Unavailable
from fhirserver.search.site import Site
from fhirserver.storage.audit_events import insert
from fhirserver.storage.database import Database
from tests.audit.conftest import Events

Make = Callable[..., Buffer]


def an_event(id_: str = "") -> Event:
    return Event(id_ or ids.new(), 1, "read", "R", Caller(client="test"))


class Written:
    """A database that can be away."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.is_away = False

    def __call__(self, events: Sequence[Event]) -> None:
        if self.is_away:
            raise Unavailable("away")
        self.ids += [e.id for e in events]


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def make(tmp_path: Path, written: Written) -> Iterator[Make]:
    made: list[Buffer] = []

    def one(**more: Any) -> Buffer:
        made.append(Buffer(written, more.pop("folder", tmp_path), **more))
        return made[-1]

    yield one
    for buffer in made:
        buffer.end()


def wait_for(claim: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_events_are_written_soon_and_in_their_order(make: Make, written: Written) -> None:
    buffer, names = make(), [ids.new() for _ in range(1000)]
    for name in names:
        buffer.add(an_event(name))

    wait_for(lambda: len(written.ids) == len(names))
    assert written.ids == names


def test_they_wait_for_the_database(make: Make, written: Written) -> None:
    written.is_away = True
    buffer = make()
    buffer.add(an_event("a"))
    time.sleep(0.7)
    buffer.add(an_event("b"))
    written.is_away = False

    wait_for(lambda: written.ids == ["a", "b"])


def test_at_the_end_all_are_written_and_no_file_is_left(
    make: Make, written: Written, tmp_path: Path
) -> None:
    buffer = make()
    buffer.add(an_event("a"))
    buffer.end()

    assert written.ids == ["a"]
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_at_the_end_is_taken_over(make: Make, written: Written) -> None:
    written.is_away = True
    buffer = make()
    buffer.add(an_event("a"))
    buffer.end()
    written.is_away = False

    assert make().take_over() == 1
    assert make().take_over() == 0
    assert written.ids == ["a"]


KILLED = """
import os, pathlib, signal, sys
from tests.audit.test_buffer import Written, an_event
from fhirserver.audit.buffer import Buffer

written = Written()
written.is_away = True
buffer = Buffer(written, pathlib.Path(sys.argv[1]))
for name in sys.argv[2:]:
    buffer.add(an_event(name))
print("kept", flush=True)
sys.stdin.read()
"""


def test_events_of_a_killed_process_are_taken_over_once(
    make: Make, written: Written, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), "a", "b", "c"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "kept\n"
        # While it lives its events are its own business.
        assert make().take_over() == 0
        other.send_signal(signal.SIGKILL)
    # The last line may be torn.
    (file,) = [f for f in tmp_path.iterdir() if f.read_bytes().strip(b"\0")]
    with file.open("r+b") as torn:
        torn.seek(len(file.read_bytes().rstrip(b"\0")))
        torn.write(b'{"id":"d","rec')

    assert make().take_over() == 3
    assert make().take_over() == 0
    assert written.ids == ["a", "b", "c"]
    assert list(tmp_path.iterdir()) == []


def test_an_event_that_comes_twice_is_stored_once(database: Database) -> None:
    row = Rows(Site()).row(an_event())

    assert insert(database, [row]) == 1
    assert insert(database, [row, Rows(Site()).row(an_event())]) == 1


def test_after_a_long_wait_the_file_is_small_again(
    make: Make, written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "ROOM", 4096)
    written.is_away = True
    buffer, names = make(), [ids.new() for _ in range(500)]
    for name in names:
        buffer.add(an_event(name))
    grown = sum(f.stat().st_size for f in tmp_path.iterdir())
    written.is_away = False

    wait_for(lambda: written.ids == names)
    wait_for(lambda: sum(f.stat().st_size for f in tmp_path.iterdir()) == 2 * 4096)
    assert grown > 20 * 4096
    assert all(not f.read_bytes().strip(b"\0") for f in tmp_path.iterdir())


def test_a_full_disk_means_no_answer(
    make: Make, monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    def full(descriptor: int, start: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool, "ROOM", 1)
    buffer, lossy = make(), make(fails_open=True)
    buffer.add(an_event("a"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(Unavailable, match="room on the disk"):
            buffer.add(an_event("b"))
        lossy.add(an_event("c"))
    buffer.add(an_event("d"))

    wait_for(lambda: written.ids == ["a", "d"])


def test_a_folder_that_cannot_be_written_means_no_answer(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Unavailable):
        make(folder=tmp_path / "file" / "below").add(an_event())


def test_too_far_behind_means_no_answer(make: Make, written: Written) -> None:
    written.is_away = True
    buffer = make(most=3)
    for _ in range(3):
        buffer.add(an_event())

    with pytest.raises(Unavailable):
        buffer.add(an_event())


def test_in_strict_mode_many_wait_for_one_statement(make: Make, written: Written) -> None:
    buffer = make(is_strict=True)
    seen: list[bool] = []

    def ask(name: str) -> None:
        buffer.add(an_event(name))
        seen.append(name in written.ids)

    threads = [threading.Thread(target=ask, args=(ids.new(),)) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [True] * 32


def test_in_strict_mode_the_answer_leaves_after_its_event(
    strict_app: Flask,
    client_of: Callable[[Flask], FlaskClient],
    database: Database,
    request_id: str,
    events: Events,
) -> None:
    client_of(strict_app).get("/fhir/Patient/nobody", headers={"X-Request-Id": request_id})

    events(request_id, 1, seconds=0)


def test_a_read_without_a_record_is_answered_503(
    make_app: Callable[..., Flask],
    client_of: Callable[[Flask], FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make_app(audit_most_waiting=0)
    answer = client_of(app).get("/fhir/Patient/nobody")

    assert answer.status_code == 503
    assert "audit trail" in answer.json["issue"][0]["diagnostics"]
