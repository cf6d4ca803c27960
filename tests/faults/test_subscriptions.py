"""Workers are killed while changes flow to subscribers, some of them slow and some failing.

None is lost, none comes out of order, and what comes twice has the same number.
"""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import time
from collections import defaultdict

import pytest

from fhirserver import embedded, ids, queues
from fhirserver.access.principal import Principal, scopes
from fhirserver.app import open_engine
from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.subscribing import READER
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.migrate import upgrade
from tests.faults.workers import Workers
from tests.peers.subscriber import subscriber

SUBSCRIBERS = 20
WRITER = Principal("writer", scopes("system/*.cruds"))


@pytest.fixture
def own(tmp_path):
    """A database that nobody else minds being hurt, with settings for it."""
    with embedded.postgres(tmp_path / "database", extra={"fsync": "off"}) as url:
        upgrade(url)
        yield Settings(
            database_url=url,
            key_file=tmp_path / "master.keys",
            data_dir=tmp_path,
            allow_local_addresses=True,
        )


def started(settings):
    return Workers(
        *(sys.executable, "-m", "tests.faults.subscribing_process"),
        *(settings.database_url, str(settings.key_file), str(settings.data_dir)),
        processes=2,
    )


def basic(number):
    """A resource that the subscriber with that number waits for."""
    return {
        "resourceType": "Basic",
        "code": {"coding": [{"system": "urn:for", "code": str(number)}]},
    }


def subscription(address, number):
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "a test",
        "criteria": f"Basic?code=urn:for|{number}",
        "channel": {
            "type": "rest-hook",
            "endpoint": f"{address}/{number}",
            "payload": "application/fhir+json",
        },
    }


def write(engine, per_subscriber, at_once=10):
    """So many resources for each subscriber, in transactions that mix them; in commit order."""
    made = defaultdict(list)
    todo = [n for n in range(SUBSCRIBERS) for _ in range(per_subscriber)]
    random.shuffle(todo)
    for start in range(0, len(todo), at_once):
        entries = []
        for n in todo[start : start + at_once]:
            id_ = ids.new()
            made[n].append(id_)
            entries.append(
                {
                    "resource": {**basic(n), "id": id_},
                    "request": {"method": "PUT", "url": f"Basic/{id_}"},
                }
            )
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        while True:
            with contextlib.suppress(FhirError):
                engine.handle(FhirRequest("bundle", WRITER, body=bundle))
                break
            time.sleep(0.2)
    engine.context.store.database.close()
    return made


def difficult(arrived):
    """Subscribers 0 to 4 fail now and then, 5 to 7 are slow, 8 sometimes takes it without a word."""
    number = int(arrived.path.split("/")[1])
    if number < 5 and random.random() < 0.1:
        return 500
    if 5 <= number < 8:
        time.sleep(random.uniform(0, 0.05))
    if number == 8 and random.random() < 0.02:
        time.sleep(2.5)
    return 200


def in_order(arrived):
    """The numbers and ids that each subscriber has taken, in the order in which they came."""
    found = defaultdict(list)
    for each in sorted(arrived, key=lambda a: a.when):
        found[int(each.path.split("/")[1])].append((each.number, each.path.rpartition("/")[2]))
    return found


def flow(settings, *, per_subscriber, kills, seconds):
    database = Database(settings.database_url)
    queues.begin(database, READER)
    engine = open_engine(settings, database)
    with subscriber() as peer:
        peer.answer = difficult
        for n in range(SUBSCRIBERS):
            body = subscription(peer.address, n)
            engine.handle(FhirRequest("create", WRITER, "Subscription", body=body))
        made = {}
        workers = started(settings)
        writing = threading.Thread(target=lambda: made.update(write(engine, per_subscriber)))
        writing.start()
        try:
            ends, killed = time.monotonic() + seconds, 0
            while True:
                time.sleep(random.uniform(0.5, 3.0))
                if killed < kills:
                    workers.kill_one()
                    killed += 1
                    continue
                heard = in_order(list(peer.arrived))
                if not writing.is_alive() and all(
                    set(made[n]) <= {i for _, i in heard[n]} for n in range(SUBSCRIBERS)
                ):
                    break
                assert time.monotonic() < ends, "some never came"
            time.sleep(1)
        finally:
            writing.join()
            workers.stop()
            database.close()
        return made, in_order(peer.arrived)


def assert_promise(made, heard):
    for n, written in made.items():
        first: dict[int, str] = {}
        last = 0
        for number, id_ in heard[n]:
            assert first.setdefault(number, id_) == id_, "a number is always the same event"
            # The next one, or the last one again.
            assert number in {last, last + 1}, (n, last, number)
            last = number
        assert [first[k] for k in sorted(first)] == written, "all of them, as they were committed"
        assert sorted(first) == list(range(1, len(written) + 1)), "without gaps"


def test_nothing_is_lost_when_workers_are_killed(own):
    assert_promise(*flow(own, per_subscriber=15, kills=3, seconds=120))
