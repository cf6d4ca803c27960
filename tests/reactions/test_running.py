"""The threads that work do what is there without taking it on more often than they need to."""

from __future__ import annotations

import threading

import pytest

from fhirserver import ids, queues
from fhirserver.queues import New
from fhirserver.reactions import Reaction, Worker
from fhirserver.reactions.running import Running


@pytest.fixture
def topic(database):
    made = f"topic-{ids.new()}"
    yield made
    database.write("DELETE FROM queue.item WHERE topic = %s", (made,))


def test_items_that_take_themselves_off_are_one_run(database, topic):
    leases, is_done = [], threading.Event()
    queues.add(database, topic, [New("lane", {"n": n}) for n in range(20)])

    def act(item):
        with database.transaction() as connection:
            assert queues.finish(connection, item.lease, [item.id]) == 1
        leases.append(item.lease)
        if len(leases) == 20:
            is_done.set()
        return queues.FINISHED

    running = Running(database, [Reaction(workers=[Worker(topic, act)])])
    running.start()
    try:
        assert is_done.wait(60)
    finally:
        running.stop()

    assert len(set(leases)) == 1
