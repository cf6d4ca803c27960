"""A demo hospital in a real server, in which workers run, and a day that is played into it."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx
import pytest

from fhirserver import clock, queues
from fhirserver.demo import hospital_bundle, patient_bundle
from fhirserver.demo.day.client import Client
from fhirserver.demo.day.outpatients import LOADED
from fhirserver.demo.day.player import Player
from fhirserver.demo.day.shifts import beginning
from fhirserver.loader.loading import load
from fhirserver.model import json
from fhirserver.reactions.running import Running
from fhirserver.settings import Settings
from fhirserver.workflows import reaction
from fhirserver.workflows.registering import workflows
from tests.peers.mail_server import mail_server

NOW = clock.now()


@pytest.fixture(scope="session")
def mails():
    with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def day_app(make_app, mails):
    return make_app(
        smtp_host="127.0.0.1", smtp_port=mails.port, smtp_tls="off", reminder_hours="24,12",
        time_zone="America/Phoenix",
    )  # fmt: skip


def is_waiting(resource):
    """Whether it is the stay of somebody who is in the emergency department now."""
    if resource["resourceType"] != "Encounter":
        return False
    return resource["class"]["code"] == "EMER" and resource["status"] == "in-progress"


@pytest.fixture(scope="session")
def client(day_app, token, database, database_url, tmp_path_factory, first):
    """The demo hospital, its patients, and the stays in its emergency department; no records."""
    folder = tmp_path_factory.mktemp("hospital")
    (folder / "0000.json").write_bytes(json.dump(hospital_bundle(today=first.start)))
    for number in range(LOADED):
        found = [e["resource"] for e in patient_bundle(number, today=first.start)["entry"]]
        for one in found:
            if one["resourceType"] == "Patient" or is_waiting(one):
                one = {k: v for k, v in one.items() if k != "diagnosis"}
                (folder / f"{one['id']}.json").write_bytes(json.dump(one))
    assert not load(Settings(database_url=database_url), [folder], jobs=1).refused
    http = httpx.Client(transport=httpx.WSGITransport(day_app))
    return Client(http, "http://127.0.0.1:8000/fhir", token)


@pytest.fixture(scope="session")
def workers(day_app, database):
    """What `fhirserver worker` does, in threads."""
    engine = day_app.extensions["fhirserver"]
    queues.begin(database, reaction.READER)
    running = Running(database, [reaction.reaction(engine)])
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def lines():
    return []


@pytest.fixture(scope="session")
def make_player(client, lines, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")

    def make(seed=1):
        return Player(
            client, seed, lambda at, line: lines.append(f"{at:%H:%M} {line}"), reports=folder
        )

    make.folder = folder
    return make


@pytest.fixture(scope="session")
def first():
    return beginning(NOW)


@pytest.fixture(scope="session")
def played(make_player, workers, first, database):
    """A shift and an hour of the next. The end may lie in the future, which nothing minds."""
    player = make_player()
    player.begin(NOW)
    player.play(first.start + timedelta(hours=13))
    ends = time.monotonic() + 60
    while not _is_quiet(database):
        assert time.monotonic() < ends, "the workers don't come to an end"
        time.sleep(0.1)
    return player


def _is_quiet(database):
    """Whether the workers have done all but what waits for a time to come."""
    is_read = not any(b.changes for b in queues.behind(database) if b.name == reaction.READER)
    topics = {reaction.topic(name) for name in workflows} | {"timer.early_warning"}
    return is_read and not any(
        s.waiting for s in queues.standing(database) if s.topic in topics
    )  # fmt: skip
