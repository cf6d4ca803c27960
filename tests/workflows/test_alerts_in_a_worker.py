"""From a critical result to the message, in a `fhirserver worker` of its own: how long it takes."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime

import pytest

from conformance.loopback import unused_port
from fhirserver import queues
from fhirserver.workflows.reaction import READER
from tests.workflows.alert_world import World, reference

RESULTS = 200
PATIENTS = 20
PER_SECOND = 5
MOST_SECONDS = 2.0
MOST_LOAD = 3.0
"""Of each core: with more beside it, the machine is measured and not the server."""


@contextmanager
def worker(database_url, folder):
    """A worker process; it needs no broker for what comes from the change log."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
    given = {
        "FHIRSERVER_DATABASE_URL": database_url,
        "FHIRSERVER_BROKER_URL": f"redis://127.0.0.1:{unused_port()}/0",
        "FHIRSERVER_DATA_DIR": str(folder),
    }
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fhirserver", "worker"], env=ours | given, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def wait_for_worker(database, eventually):
    """Until the worker reads what is written from now on."""

    def wait():
        eventually(lambda: any(b.name == READER for b in queues.behind(database)), 60)
        eventually(lambda: not any(b.changes for b in queues.behind(database)), 60)

    return wait


@pytest.mark.slow
def test_of_200_critical_results_99_in_100_are_told_within_two_seconds(
    client, database_url, tmp_path, eventually, wait_for_worker, record_property
):
    patients = [World(client) for _ in range(PATIENTS)]
    with worker(database_url, tmp_path):
        wait_for_worker()
        written = {}
        begun = time.monotonic()
        for number in range(RESULTS):
            due = begun + number / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            world = patients[number % PATIENTS]
            made = world.made(world.result("2823-3", f"{7 + number / 1000}", "mmol/L"))
            written[reference(made)] = datetime.fromisoformat(made["meta"]["lastUpdated"])
        eventually(lambda: len(told(patients)) >= RESULTS, 120, pause=1.0)

    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    took = []
    for message in told(patients):
        result = next(a["reference"] for a in message["about"] if a["reference"] in written)
        at = datetime.fromisoformat(message["meta"]["lastUpdated"])
        took.append((at - written.pop(result)).total_seconds())
    took.sort()
    median, p99 = statistics.median(took), took[int(len(took) * 0.99) - 1]
    record_property("seconds", {"median": median, "p99": p99, "most": took[-1]})
    print(f"write to alert: median {median:.3f} s, p99 {p99:.3f} s, most {took[-1]:.3f} s")
    assert not written
    if load > MOST_LOAD:
        pytest.skip(f"p99 is {p99:.1f} s, but {load:.0f} processes wait for each core")
    assert p99 < MOST_SECONDS


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_every_result_told_once(
    world, database_url, tmp_path, eventually, wait_for_worker, database
):
    with worker(database_url, tmp_path) as first:
        wait_for_worker()
        for number in range(10):
            world.made(world.result("2823-3", f"{8 + number / 1000}", "mmol/L"))
        first.send_signal(signal.SIGKILL)
        first.wait(30)
        for number in range(10, 20):
            world.made(world.result("2823-3", f"{8 + number / 1000}", "mmol/L"))
    # Its items are taken on when the lease is over; that needn't be waited for.
    database.write("UPDATE queue.item SET leased_until = now() WHERE leased_until IS NOT NULL")
    with worker(database_url, tmp_path):
        eventually(lambda: len(messages(world)) >= 20, 60)
        eventually(lambda: not _is_waiting(database), 60)

    assert len(messages(world)) == len(world.tasks()) == len(world.found("DetectedIssue")) == 20


def messages(world):
    return world.found("Communication", _count="500")


def told(patients):
    return [
        m
        for p in patients
        for m in messages(p)
        if "Potassium 7" in m["payload"][0]["contentString"]
    ]


def _is_waiting(database):
    topics = ("workflow.result_alerts",)
    return any(s.waiting for s in queues.standing(database) if s.topic in topics)
