"""Who is slow delays nobody else."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from fhirserver import ids
from fhirserver.app import open_engine
from fhirserver.reactions.running import Running
from fhirserver.subscriptions.reaction import reaction
from tests.peers.subscriber import subscriber

SLOW = 20
# Two for each of the eight threads that get on, and some for those that hand over to others.
MOST_CONNECTIONS = 24
CHANGES = 30
# The longest that an endpoint may take; meanwhile nobody who is slow is answered.
TIMEOUT_SECONDS = 25


@pytest.fixture
def running(hooks_app, database, turn):
    """Threads that work, as in `fhirserver worker`."""
    settings = hooks_app.extensions["fhirserver"].context.settings
    settings = replace(settings, subscription_timeout_seconds=TIMEOUT_SECONDS)
    made = Running(database, [reaction(open_engine(settings, database))])
    made.start()
    yield
    made.stop()


def open_now(database):
    return database.read("SELECT count(*) FROM pg_stat_activity")[0][0]


def test_twenty_endpoints_that_hang_do_not_delay_one_that_answers(
    hooks, database, running, subscribe, peer
):
    code = ids.new()
    criteria = f"Basic?code={code}"
    go_on, before = threading.Event(), open_now(database)
    with subscriber() as slow:
        slow.answer = lambda _: go_on.wait(60) and 200
        for n in range(SLOW):
            subscribe(criteria, f"{slow.address}/{n}")
        subscribe(criteria, peer.address)
        try:
            body = {"resourceType": "Basic", "code": {"coding": [{"code": code}]}}
            for _ in range(CHANGES):
                assert hooks.post("/fhir/Basic", json=body).status_code == 201
                time.sleep(0.1)
            ends = time.monotonic() + TIMEOUT_SECONDS
            while len(peer.numbers()) < CHANGES:
                assert time.monotonic() < ends, peer.numbers()
                time.sleep(0.05)

            assert slow.arrived == [], "nobody who is slow has been answered"
            assert open_now(database) - before <= MOST_CONNECTIONS, "who waits has no connection"
        finally:
            go_on.set()
    assert peer.numbers() == list(range(1, CHANGES + 1))
