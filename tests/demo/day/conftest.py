"""A demo hospital in a real server, in which workers run, and a day that is played into it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from fhirserver import clock, queues
from fhirserver.app import open_database
from fhirserver.demo import hospital_bundle, patient_bundle
from fhirserver.demo.day.client import Client
from fhirserver.demo.day.outpatients import LOADED
from fhirserver.demo.day.player import Player
from fhirserver.demo.day.scenes.bookings import NAMES
from fhirserver.demo.day.shifts import AHEAD, Shift, beginning
from fhirserver.demo.day.state import Progress
from fhirserver.loader.loading import load
from fhirserver.model import json
from fhirserver.reactions.running import Running
from fhirserver.settings import Settings
from fhirserver.storage.tokens import issue
from fhirserver.workflows import reaction
from fhirserver.workflows.registering import workflows
from tests.databases import a_database
from tests.peers.mail_server import mail_server

NEXT_ALERT = timedelta(hours=12, minutes=10)


@pytest.fixture(scope="module")
def mails():
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def own_url(database_url):
    """A database of its own: what others write and leave behind isn't seen, nor changed."""
    with a_database(database_url, "demo_day") as url:
        yield url


@pytest.fixture(scope="module")
def own_database(own_url):
    opened = open_database(Settings(database_url=own_url))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def day_app(make_app, mails, own_url):
    return make_app(
        database_url=own_url, smtp_host="127.0.0.1", smtp_port=mails.port, smtp_tls="off",
        reminder_hours="24,12", time_zone="America/Phoenix",
    )  # fmt: skip


def is_waiting(resource):
    """Whether it is the stay of somebody who is in the emergency department now."""
    if resource["resourceType"] != "Encounter":
        return False
    return resource["class"]["code"] == "EMER" and resource["status"] == "in-progress"


@pytest.fixture(scope="module")
def client(day_app, own_database, own_url, tmp_path_factory, first):
    """The demo hospital, its patients, and the stays in its emergency department; no records."""
    folder = tmp_path_factory.mktemp("hospital")
    (folder / "0000.json").write_bytes(json.dump(hospital_bundle(today=first.start)))
    for number in range(LOADED):
        found = [e["resource"] for e in patient_bundle(number, today=first.start)["entry"]]
        for one in found:
            if one["resourceType"] == "Patient" or is_waiting(one):
                one = {k: v for k, v in one.items() if k != "diagnosis"}
                (folder / f"{one['id']}.json").write_bytes(json.dump(one))
    assert not load(Settings(database_url=own_url), [folder], jobs=1).refused
    http = httpx.Client(transport=httpx.WSGITransport(day_app))

    def token():
        return issue(own_database, subject="day", scope="system/*.cruds", lifetime_seconds=9_000)

    return Client(http, "http://127.0.0.1:8000/fhir", token)


@pytest.fixture(scope="module")
def workers(day_app, own_database):
    """What `fhirserver worker` does, in threads."""
    engine = day_app.extensions["fhirserver"]
    queues.begin(own_database, reaction.READER)
    running = Running(own_database, [reaction.reaction(engine)])
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def lines():
    return []


@pytest.fixture(scope="module")
def make_player(client, lines, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")

    def make(seed=1):
        return Player(
            client, seed, lambda at, line: lines.append(f"{at:%H:%M} {line}"), reports=folder
        )

    make.folder = folder
    return make


@pytest.fixture(scope="module")
def first():
    """A shift whose alerts are of now, and those of the next one's first hour, too.

    The first comes after ten minutes of a shift. Values of the future raise none, nor do those of
    the day before.
    """
    began = beginning(clock.now())
    lasts = clock.now() - began.start
    if NEXT_ALERT - timedelta(minutes=3) < lasts < NEXT_ALERT:
        # The shift before is about to be too old.
        time.sleep((NEXT_ALERT - lasts).total_seconds())
    elif lasts < NEXT_ALERT:
        return Shift(began.number - 1)
    return began


@pytest.fixture(scope="module")
def moment(first):
    """When a replay begins with that shift."""
    return first.start + AHEAD


@pytest.fixture(scope="module")
def played(make_player, workers, first, moment, own_database):
    """A shift and an hour of the next; some of the hour may lie in the future."""
    player = make_player()
    player.begin(moment)
    player.play(first.start + timedelta(hours=13))
    ends = time.monotonic() + 60
    while not _is_quiet(own_database):
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


@pytest.fixture(scope="module")
def seen(played, client, lines):
    """What there was when it had been played; the tests come in any order."""
    encounters = client.search("Encounter", _count="200")
    beds = {
        p["location"]["reference"] for e in encounters for p in e["location"]
        if p["status"] == "active" and "bed" in p["location"].get("display", "")
    }  # fmt: skip
    return Seen(
        lines=tuple(lines),
        progress=played.progress,
        alerts=client.search("Task", code="acknowledge-alert", _count="500"),
        ours=[e for e in encounters if "display" in e["subject"]],
        loaded=[e for e in encounters if "display" not in e["subject"]],
        beds=[client.read(*b.split("/")) for b in sorted(beds)],
        bookings=client.search("Appointment", identifier=f"{NAMES}|"),
        cancelled=client.search("MedicationRequest", status="cancelled"),
        reports=client.search("MeasureReport", _count="50"),
    )


@dataclass(frozen=True)
class Seen:
    lines: tuple[str, ...]
    progress: Progress
    alerts: list[dict]
    ours: list[dict]
    loaded: list[dict]
    beds: list[dict]
    bookings: list[dict]
    cancelled: list[dict]
    reports: list[dict]

    def told(self, word: str) -> list[str]:
        """The lines that begin so, after the time."""
        return [line for line in self.lines if re.match(rf"\d\d:\d\d {word}", line)]
