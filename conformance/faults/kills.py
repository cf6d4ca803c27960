"""Processes killed in the middle of writing: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import psutil

from conformance.faults import stored
from conformance.faults.client import Resource
from conformance.faults.server import Server
from conformance.faults.writers import Tally, Writer, Written, write_at_once

SYSTEM: Final = "http://hospital.example/kill"
ENTRIES: Final = 20
SHARED: Final = 20
CONDITIONAL: Final = 50

# How long a server may need to write again.
MOST_SECONDS: Final = 15.0
# What a client may be told while a part of the server is gone.
UNAVAILABLE: Final = 503


@dataclass(slots=True)
class Report:
    """What the writers were told, how long the server needed, and what is wrong afterwards."""

    tally: Tally
    recovery_seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def patient(marker: str, code: str = "") -> Resource:
    """A Patient whose identifier and name are the marker, tagged with the code when there is one."""
    made: Resource = {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": marker}],
        "name": [{"family": marker, "given": ["Ada"]}],
        "birthDate": f"{1950 + hash(marker) % 50}-03-02",
    }
    return made | {"meta": {"tag": [{"system": SYSTEM, "code": code}]}} if code else made


def create(writer: Writer) -> None:
    marker = writer.marker()
    answer = writer.client.send("POST", "Patient", patient(marker))
    written = []
    if answer.is_acknowledged:
        written.append(Written("Patient", answer.json["id"], answer.version, marker))
    writer.tally.note(answer, *written)


def update(writer: Writer) -> None:
    """An update of one of the resources that all writers share."""
    marker = writer.marker()
    id_ = f"shared-{writer.random.randrange(SHARED)}"
    answer = writer.client.send("PUT", f"Patient/{id_}", patient(marker) | {"id": id_})
    written = [Written("Patient", id_, answer.version, marker)] if answer.is_acknowledged else []
    writer.tally.note(answer, *written)


def conditional_update(writer: Writer) -> None:
    """A conditional update by one of fifty identifiers, which must go on meaning one resource."""
    marker = writer.marker()
    value = f"conditional-{writer.random.randrange(CONDITIONAL)}"
    resource = patient(marker)
    resource["identifier"].append({"system": SYSTEM, "value": value})
    answer = writer.client.send("PUT", f"Patient?{by_identifier(value)}", resource)
    written = []
    if answer.is_acknowledged:
        written.append(Written("Patient", answer.json["id"], answer.version, marker))
    writer.tally.note(answer, *written)


def by_identifier(value: str) -> str:
    return f"identifier={quote(f'{SYSTEM}|{value}', safe='')}"


def transaction(writer: Writer) -> None:
    """A transaction of new resources, half of them by PUT, all with the same tag."""
    code = writer.marker()
    entries = []
    markers = [writer.marker() for _ in range(ENTRIES)]
    for number, marker in enumerate(markers):
        asked = {"method": "POST", "url": "Patient"}
        resource = patient(marker, code)
        if number % 2:
            resource["id"] = f"{code}-{number}"
            asked = {"method": "PUT", "url": f"Patient/{resource['id']}"}
        entries.append({"resource": resource, "request": asked})
    answer = writer.client.send(
        "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    )
    written = []
    if answer.status == 200:
        for marker, entry in zip(markers, answer.json["entry"], strict=True):
            _, type_, id_, _, version = ("/" + entry["response"]["location"]).rsplit("/", 4)
            written.append(Written(type_, id_, int(version), marker))
    writer.tally.note(answer, *written)


def any_write(writer: Writer) -> None:
    acts = (create, create, update, conditional_update, conditional_update, transaction)
    writer.random.choice(acts)(writer)


def kill_a_web_worker(server: Server) -> None:
    victim = random.choice(server.web_workers())
    victim.kill()


def kill_the_postmaster(server: Server) -> None:
    server.postmaster().kill()


def kill_a_backend(server: Server) -> None:
    """A backend that works for us; PostgreSQL then restarts all of them."""
    victim = random.choice(server.backends())
    victim.kill()


def kill_the_parent(server: Server) -> None:
    """`fhirserver up` itself: its children end, and it is started again as an operator would."""
    assert server.up is not None
    children = server.processes()[1:]
    server.kill()
    psutil.wait_procs(children, 20)
    server.start()


KILLS: Final[dict[str, Callable[[Server], None]]] = {
    "web worker": kill_a_web_worker,
    "postmaster": kill_the_postmaster,
    "backend": kill_a_backend,
    "parent": kill_the_parent,
}


def kill_while_writing(
    server: Server,
    kill: Callable[[Server], None],
    *,
    times: int = 1,
    seconds_before: float = 3.0,
    seconds_after: float = 3.0,
    writers: int = 32,
    most_seconds: float = MOST_SECONDS,
) -> Report:
    """Let the writers write, kill, wait until it writes again; `times` in a row, then look."""
    took: list[float] = []
    over = [False]

    def meanwhile() -> None:
        try:
            for _ in range(times):
                time.sleep(seconds_before)
                began = time.monotonic()
                kill(server)
                server.recovered()
                took.append(time.monotonic() - began)
                time.sleep(seconds_after)
        finally:
            over[0] = True

    # The writers go on until the killing is over, however long recovery takes.
    tally = write_at_once(
        server, any_write, writers=writers, until=lambda: over[0], meanwhile=meanwhile
    )
    report = Report(tally, took, tally.unexpected(UNAVAILABLE, 0))
    report.wrong += [f"it took {s:.1f} s to recover" for s in took if s > most_seconds]
    report.wrong += stored.lost(server, tally.written)
    report.wrong += stored.halves(server, "Patient", SYSTEM, ENTRIES)
    report.wrong += stored.everything_wrong(server)
    report.wrong += not_found(server, tally) + doubled(server)
    return report


def not_found(server: Server, tally: Tally, most: int = 1000) -> list[str]:
    """Resources that were acknowledged and that a search for their identifier doesn't find."""
    newest: dict[str, Written] = {}
    for one in tally.written:
        if one.id not in newest or newest[one.id].version < one.version:
            newest[one.id] = one
    wrong = []
    sample = [w for w in newest.values() if not w.id.startswith("shared-")]
    random.Random(1).shuffle(sample)
    with server.client() as client:
        for one in sample[:most]:
            answer = client.send("GET", f"Patient?{by_identifier(one.marker)}&_elements=id")
            found = [e["resource"]["id"] for e in answer.json.get("entry", [])]
            if found != [one.id]:
                wrong.append(f"{one.type}/{one.id} is not found by its identifier: {found}")
    return wrong


def doubled(server: Server) -> list[str]:
    """Identifiers of conditional updates that more than one resource has."""
    wrong = []
    with server.client() as client:
        for number in range(CONDITIONAL):
            value = f"conditional-{number}"
            found = client.send("GET", f"Patient?{by_identifier(value)}&_summary=count").json
            if found["total"] > 1:
                wrong.append(f"{found['total']} resources have the identifier {value}")
    return wrong


def told(tally: Tally) -> str:
    """The statuses in short."""
    names = Counter({("lost" if s == 0 else str(s)): n for s, n in tally.statuses.items()})
    return ", ".join(f"{n} x {name}" for name, n in sorted(names.items()))
