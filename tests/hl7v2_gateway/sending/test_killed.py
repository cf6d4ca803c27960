"""Workers that are killed while they send: nothing is lost, nothing overtakes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import groupby

import pytest

from conformance.loopback import unused_port
from fhirserver import queues
from hl7v2_gateway.reactions.sending import READER
from tests.hl7v2_gateway.sending.conftest import APPLICATION, member
from tests.peers.hl7_receiver import ack

CHANGES = 12
KILLS = 3


@contextmanager
def worker(database_url, data_dir, folder):
    """A worker process, with the keys of the server; it needs no broker for the change log."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
    given = {
        "FHIRSERVER_DATABASE_URL": database_url,
        "FHIRSERVER_BROKER_URL": f"redis://127.0.0.1:{unused_port()}/0",
        "FHIRSERVER_DATA_DIR": str(data_dir),
        "FHIRSERVER_ALLOW_LOCAL_ADDRESSES": "true",
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


def wait_until(claim, seconds=90.0):
    ends = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.05)


@pytest.mark.slow
def test_killed_workers_lose_nothing_and_keep_the_order(
    ward, receiver, peer, sent, engine, database, database_url, tmp_path
) -> None:
    id_ = receiver(APPLICATION, member("event", "ADT", "Code"))
    queues.begin(database, READER)
    # Each is answered late enough to be killed in the middle of.
    peer.answer = lambda control: [0.05, ack("AA", control)]
    patient = ward.post(
        "/fhir/Patient", json={"resourceType": "Patient", "name": [{"family": "0"}]}
    ).json
    for n in range(1, CHANGES):
        patient["name"] = [{"family": str(n)}]
        patient = ward.put(f"/fhir/Patient/{patient['id']}", json=patient).json

    try:
        for kill in range(1, KILLS + 1):
            with worker(database_url, engine.context.settings.data_dir, tmp_path):
                wait_until(lambda kill=kill: len(peer.arrived) >= kill * 2)
        with worker(database_url, engine.context.settings.data_dir, tmp_path):
            accepted = {"receiver": id_, "states": ("accepted",)}
            wait_until(lambda: len(sent.listed(**accepted)) == CHANGES)
    finally:
        queues.forget(database, READER)

    families = [m.split("PID|")[1].split("|")[4] for m in peer.arrived]
    # What was under way is sent again with the same control id; nothing else comes twice.
    assert [name for name, _ in groupby(families)] == [str(n) for n in range(CHANGES)]
    assert len(set(peer.controls)) == CHANGES
