"""Workers, relays and PostgreSQL are killed while changes flow: none is lost or out of order."""

from __future__ import annotations

import contextlib
import random
import signal
import sys
import threading
import time
from collections import defaultdict
from itertools import pairwise

import psutil
import pytest

from fhirserver import embedded, queues
from fhirserver.access.principal import Principal, scopes
from fhirserver.app import open_engine
from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirRequest
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.migrate import upgrade
from fhirserver.workflows.reaction import READER
from tests.faults.workers import Workers

RESOURCES = 50
WRITER = Principal("writer", scopes("system/*.cruds"))


@pytest.fixture
def own(tmp_path):
    """A database that nobody else minds being killed, with settings for it."""
    with embedded.postgres(tmp_path / "database", extra={"fsync": "off"}) as url:
        upgrade(url)
        yield Settings(database_url=url, key_file=tmp_path / "master.keys")


def started(settings, record):
    return Workers(
        *(sys.executable, "-m", "tests.faults.reacting_process"),
        *(settings.database_url, str(settings.key_file), str(record)),
        processes=3,
    )


def kill_a_backend():
    """PostgreSQL restarts itself then, and everybody loses their connections."""
    with contextlib.suppress(psutil.Error, IndexError):
        mine = psutil.Process().children(recursive=True)
        backends = [p for p in mine if "fhirserver fhirserver" in " ".join(p.cmdline())]
        random.choice(backends).send_signal(signal.SIGKILL)


def write(settings, rounds):
    """Each round writes a version of every resource, in one transaction."""
    database = Database(settings.database_url)
    engine = open_engine(settings, database)
    for n in range(rounds):
        entries = [
            {
                "resource": {"resourceType": "Basic", "id": f"b{i}", "code": {"text": str(n)}},
                "request": {"method": "PUT", "url": f"Basic/b{i}"},
            }
            for i in range(RESOURCES)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        while True:
            try:
                engine.handle(FhirRequest("bundle", WRITER, body=bundle))
                break
            except FhirError:
                time.sleep(0.2)
    database.close()


def written(database):
    """The versions that there are of each resource, by the change log."""
    rows = database.read(
        'SELECT r.id, c.version FROM fhir.change c JOIN resource."Basic" r ON r.key = c.key '
        "WHERE c.type = 'Basic' ORDER BY c.seq"
    )
    found = defaultdict(list)
    for id_, version in rows:
        found[id_].append(version)
    return found


def called(record):
    found = defaultdict(list)
    for line in record.read_text().splitlines() if record.exists() else ():
        id_, version = line.split()
        found[id_].append(int(version))
    return found


def react_while_killing(settings, record, *, rounds, kills, seconds):
    """Writes, and kills meanwhile; returns what was written and what was called."""
    database = Database(settings.database_url)
    queues.begin(database, READER)
    workers = started(settings, record)
    writing = threading.Thread(target=write, args=(settings, rounds))
    try:
        writing.start()
        ends, killed = time.monotonic() + seconds, 0
        while True:
            time.sleep(random.uniform(0.5, 3.0))
            if killed < kills or writing.is_alive():
                kill_a_backend() if killed % 4 == 3 else workers.kill_one()
                killed += 1
                continue
            with contextlib.suppress(FhirError):
                expected = {(i, v) for i, vs in written(database).items() for v in vs}
                if expected <= {(i, v) for i, vs in called(record).items() for v in vs}:
                    break
            assert time.monotonic() < ends, "some never came"
        return written(database), called(record)
    finally:
        writing.join()
        workers.stop()
        database.close()


def assert_promise(made, calls):
    assert set(calls) == set(made)
    for id_, versions in made.items():
        heard = calls[id_]
        assert sorted(set(heard)) == versions, id_
        # In order; after a crash the last one may come again.
        assert all(b in {a, a + 1} for a, b in pairwise(heard)), id_


def test_kill_9_of_workers_relays_and_postgresql_loses_nothing_and_keeps_the_order(own, tmp_path):
    made, calls = react_while_killing(own, tmp_path / "record", rounds=20, kills=5, seconds=120)

    assert_promise(made, calls)


@pytest.mark.slow
def test_ten_thousand_changes_come_through_many_kills(own, tmp_path):
    made, calls = react_while_killing(own, tmp_path / "record", rounds=200, kills=30, seconds=600)

    assert sum(map(len, made.values())) >= 10_000
    assert_promise(made, calls)
