"""Events that another process writes: none is lost, none comes twice, whoever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from fhirserver import ids
from fhirserver.audit.event import Caller, Event
from fhirserver.audit.handing_over import HandingOver
from fhirserver.audit.one_writer import has_writer, one_writer
from fhirserver.audit.refused import refused
from fhirserver.errors import Unavailable
from fhirserver.storage.database import Database

Make = Callable[..., HandingOver]
SECONDS = 60.0


def an_event(id_: str = "") -> Event:
    return Event(id_ or ids.new(), 1, "read", "R", Caller(client="test"))


def here(events: Sequence[Event]) -> None:
    raise Unavailable("only the writer writes")


def wait_for(claim: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The audit folder of a data directory; a writer that is started finds it and the database."""
    monkeypatch.setenv("FHIRSERVER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FHIRSERVER_DATABASE_URL", database_url)
    return tmp_path / "audit"


@pytest.fixture
def make(folder: Path) -> Iterator[Make]:
    made: list[HandingOver] = []

    def one(write: Callable[[Sequence[Event]], None] = here, **more: Any) -> HandingOver:
        made.append(HandingOver(write, folder, **more))
        return made[-1]

    yield one
    for handing_over in made:
        handing_over.end()
    assert writers() == []


def writers() -> list[psutil.Process]:
    """The writers that this process has started and that live."""
    children = psutil.Process().children()
    return [
        c
        for c in children
        if c.status() != psutil.STATUS_ZOMBIE and "fhirserver.audit.writer" in c.cmdline()
    ]


def stored(database: Database, names: Sequence[str]) -> int:
    sql = 'SELECT count(*) FROM resource."AuditEvent" WHERE id = ANY(%s)'
    return int(database.read(sql, (list(names),))[0][0])


def test_the_writer_writes_and_nothing_is_left(
    make: Make, folder: Path, database: Database
) -> None:
    one, names = make(), [ids.new() for _ in range(1_000)]
    for name in names:
        one.add(an_event(name))

    wait_for(lambda: stored(database, names) == len(names))
    wait_for(lambda: one.waiting() == 0)
    one.end()
    assert [f.name for f in folder.iterdir()] == ["writer.lock"]


def test_what_the_database_refuses_is_set_aside_and_holds_nobody_up(
    make: Make, folder: Path, database: Database
) -> None:
    one, names, bad = make(), [ids.new() for _ in range(5)], ids.new()
    # Text of PostgreSQL has no NUL.
    one.add(replace(an_event(bad), reason="a\0b"))
    for name in names:
        one.add(an_event(name))

    wait_for(lambda: stored(database, names) == len(names))
    wait_for(lambda: one.waiting() == 0)

    assert [path.stem for path in refused(folder)] == [bad]
    assert b"a\\u0000b" in refused(folder)[0].read_bytes()
    assert stored(database, [bad]) == 0


def test_one_alone_that_is_refused_waits_for_another_that_is_not(
    make: Make, folder: Path, database: Database
) -> None:
    one, name, bad = make(), ids.new(), ids.new()
    one.add(replace(an_event(bad), reason="a\0b"))
    wait_for(lambda: one.waiting() == 1)
    time.sleep(2)
    assert refused(folder) == []

    one.add(an_event(name))

    wait_for(lambda: stored(database, [name]) == 1)
    wait_for(lambda: [path.stem for path in refused(folder)] == [bad])
    wait_for(lambda: one.waiting() == 0)


def test_many_have_one_writer(make: Make, folder: Path, database: Database) -> None:
    both, names = (make(), make()), [ids.new() for _ in range(10)]
    for n, name in enumerate(names):
        both[n % 2].add(an_event(name))

    wait_for(lambda: stored(database, names) == len(names))
    wait_for(lambda: len(writers()) == 1)
    assert has_writer(folder)


def test_a_killed_writer_is_started_again_and_nothing_is_missing(
    make: Make, folder: Path, database: Database
) -> None:
    one, names = make(), [ids.new() for _ in range(3_000)]
    one.start()
    wait_for(lambda: has_writer(folder))
    for n, name in enumerate(names):
        one.add(an_event(name))
        if n == len(names) // 2:
            time.sleep(0.4)
            for process in writers():
                process.send_signal(signal.SIGKILL)

    wait_for(lambda: stored(database, names) == len(names))
    wait_for(lambda: one.waiting() == 0)


KILLED = """
import pathlib, sys
from tests.audit.test_handing_over import an_event, here
from fhirserver.audit.handing_over import HandingOver

one = HandingOver(here, pathlib.Path(sys.argv[1]))
one.start()
sys.stdin.readline()
for name in sys.argv[2:]:
    one.add(an_event(name))
print("kept", flush=True)
sys.stdin.read()
"""


def test_the_writer_of_a_killed_process_writes_what_it_left_and_ends(
    folder: Path, database: Database
) -> None:
    names = [ids.new() for _ in range(5)]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        wait_for(lambda: has_writer(folder))
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "kept\n"
        other.send_signal(signal.SIGKILL)

    wait_for(lambda: not has_writer(folder))
    assert stored(database, names) == len(names)
    assert [f.name for f in folder.iterdir()] == ["writer.lock"]


def test_while_the_database_is_away_events_wait_in_few_files(
    make: Make, folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "postgresql://nobody@127.0.0.1:9/nothing"
    with monkeypatch.context() as patch:
        patch.setenv("FHIRSERVER_DATABASE_URL", away)
        one, names = make(most=40), [ids.new() for _ in range(40)]
        for name in names:
            one.add(an_event(name))
            time.sleep(0.1)
        with pytest.raises(Unavailable, match="audit trail"):
            one.add(an_event())
        assert len(list(folder.glob("*.events"))) <= 9
        one.end()

    later = make()
    later.start()
    wait_for(lambda: stored(database, names) == len(names))


def test_without_a_writer_the_process_writes_itself(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    one = make(lambda events: written.extend(e.id for e in events))
    one.add(an_event("a"))

    wait_for(lambda: written == ["a"])


def test_a_second_writer_ends_at_once(folder: Path) -> None:
    with one_writer(folder) as is_ours:
        assert is_ours
        assert has_writer(folder)
        second = [sys.executable, "-m", "fhirserver.audit.writer"]
        subprocess.run(second, check=True, timeout=SECONDS, env=dict(os.environ))
    assert not has_writer(folder)
