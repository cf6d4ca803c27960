"""A bulk load of results, and a critical one of a patient on the ward meanwhile."""

from __future__ import annotations

import json
import time

import pytest

from fhirserver import ids, queues
from fhirserver.interactions.independent import commit_each
from fhirserver.interactions.intents import Intent
from fhirserver.queues import New
from fhirserver.reactions.relay import relay
from fhirserver.storage.database import in_bulk
from fhirserver.storage.queue_items import take
from fhirserver.workflows import bed_status, result_alerts
from fhirserver.workflows import reaction as workflows
from tests.workflows.alert_world import World

OTHERS = 5_000


@pytest.fixture
def observed(engine, database):
    """The reader and the worker of the alerts about results; what they leave is removed."""
    yield from running(engine, database, result_alerts)


@pytest.fixture
def beds(engine, database):
    """The same of the beds."""
    yield from running(engine, database, bed_status)


def running(engine, database, module):
    one = workflows.workflows[module.__name__.rpartition(".")[2]]
    made = workflows.reaction_of(engine, {one.name: one}, {})
    reader, worker = made.readers[0], made.workers[0]
    queues.forget(database, reader.name)
    queues.begin(database, reader.name)
    yield reader, worker
    queues.forget(database, reader.name)
    database.write("DELETE FROM queue.item WHERE topic = %s", (worker.topic,))


def relayed(database, reader):
    """Everything that was written: a transaction of somebody else may hold it up for a moment."""
    for _ in range(600):
        relay(database, reader)
        if not any(b.changes for b in queues.behind(database) if b.name == reader.name):
            return
        time.sleep(0.05)
    raise AssertionError("the change log isn't read to its end")


def test_a_critical_result_is_alerted_at_once_while_a_load_of_5000_waits(
    client, engine, database, observed
):
    reader, worker = observed
    world = World(client)
    old = [
        Intent("create", "Observation", resource=world.result("2823-3", "7.1", "mmol/L", hours=h))
        for h in range(100, 140)
    ]
    with in_bulk():
        assert all(done.is_change for _, done in commit_each(engine.own_context, old))
    relayed(database, reader)
    # The same results under other lanes: what matters is how many wait.
    rows = database.read(
        "SELECT content::text, bulk FROM queue.item WHERE topic = %s", (worker.topic,)
    )
    contents = [json.loads(row[0]) for row in rows if row[1]]
    assert len(contents) == len(old), "what a bulk load brings is known as such"
    more = [New(f"load/{n}", contents[n % len(old)], bulk=True) for n in range(OTHERS)]
    queues.add(database, worker.topic, more)

    live = world.made(world.result("2823-3", "7.2", "mmol/L"))
    relayed(database, reader)
    lease = ids.new()
    taken = take(database, worker.topic, lease, lanes=worker.lanes, most=50, seconds=60)
    worker.act(taken[0][0])

    (task,) = world.tasks()
    assert f"Observation/{live['id']}" in str(world.found("DetectedIssue"))
    assert task["status"] == "requested"


def test_results_of_a_load_that_are_older_than_any_plan_looks_back_are_not_looked_at(
    client, engine, database, observed
):
    reader, worker = observed
    world = World(client)
    recent = world.result("2823-3", "7.1", "mmol/L", hours=40)
    issued_now = {
        **world.result("2823-3", "7.1", "mmol/L", hours=24 * 60),
        "issued": recent["effectiveDateTime"],
    }
    this_year = {**recent, "effectiveDateTime": recent["effectiveDateTime"][:4]}
    timeless = {k: v for k, v in recent.items() if k != "effectiveDateTime"}
    old = [
        world.result("2823-3", "7.1", "mmol/L", hours=24 * 33),
        {
            **world.result("2823-3", "7.1", "mmol/L", hours=24 * 60),
            "issued": "2001-01-01T00:00:00Z",
        },
        {**recent, "effectiveDateTime": "1999"},
    ]
    with in_bulk():
        made = [
            Intent("create", "Observation", resource=r)
            for r in (recent, issued_now, this_year, timeless, *old)
        ]
        list(commit_each(engine.own_context, made))
    world.made(old[0])
    relayed(database, reader)

    rows = database.read("SELECT bulk FROM queue.item WHERE topic = %s", (worker.topic,))
    assert sorted(row[0] for row in rows) == [False, True, True, True, True]


def test_old_results_of_a_load_alert_nobody(client, engine, database, observed):
    reader, worker = observed
    world = World(client)
    old = [
        Intent("create", "Observation", resource=world.result("2823-3", "7.1", "mmol/L", hours=h))
        for h in (30, 50, 500)
    ]
    with in_bulk():
        list(commit_each(engine.own_context, old))
    relayed(database, reader)

    assert queues.work(database, worker.topic, worker.act, seconds=60) == len(old)
    assert world.tasks() == world.messages() == []


def test_stays_that_were_over_when_they_came_concern_no_bed(client, engine, database, beds):
    reader, worker = beds
    world = World(client)
    made = [
        {**{k: v for k, v in world.encounter.items() if k not in ("id", "meta")}, "status": status}
        for status in ("finished", "cancelled", "in-progress", "planned")
    ]
    with in_bulk():
        intents = [Intent("create", "Encounter", resource=r) for r in made]
        list(commit_each(engine.own_context, intents))
    ended = world.put(world.current(world.encounter), status="finished")
    relayed(database, reader)

    rows = database.read("SELECT content::text FROM queue.item WHERE topic = %s", (worker.topic,))
    versions = [json.loads(row[0])["version"] for row in rows]
    both = [1, int(ended["meta"]["versionId"])]
    assert sorted(versions) == [1, *both], "what goes on, and what went on before it ended"
