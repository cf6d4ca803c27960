"""Many writers after the same resources: by the same identifiers, versions, and in transactions.

https://hl7.org/fhir/R4/http.html#cond-update, https://hl7.org/fhir/R4/http.html#concurrency
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

from conformance.faults.client import Answer, Client, Resource
from conformance.faults.server import Server
from conformance.faults.writers import Tally, Writer, Written, write_at_once

IDENTIFIERS = 50
SYSTEM = "http://hospital.example/race"


def identifier(family: str, number: int) -> str:
    return f"{family}-{number}"


def patient(value: str, marker: str) -> Resource:
    """A Patient with this identifier; the marker is its family name."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": value}],
        "name": [{"family": marker}],
    }


def criteria(value: str) -> str:
    return f"identifier={quote(f'{SYSTEM}|{value}', safe='')}"


def create(writer: Writer, value: str) -> None:
    """A conditional create."""
    marker = writer.marker()
    answer = writer.client.send(
        "POST", "Patient", patient(value, marker), If_None_Exist=criteria(value)
    )
    writer.tally.note(answer, *([_written(answer, marker)] if answer.status == 201 else []))


def update(writer: Writer, value: str) -> None:
    """A conditional update, which always has something new to say."""
    marker = writer.marker()
    answer = writer.client.send("PUT", f"Patient?{criteria(value)}", patient(value, marker))
    writer.tally.note(answer, *([_written(answer, marker)] if answer.is_acknowledged else []))


def delete(writer: Writer, value: str) -> None:
    """A conditional delete."""
    answer = writer.client.send("DELETE", f"Patient?{criteria(value)}")
    writer.tally.note(answer)


def together(writer: Writer, family: str) -> None:
    """A transaction of conditional creates and updates of three identifiers, in any order."""
    entries = []
    markers = []
    for number in writer.random.sample(range(IDENTIFIERS), 3):
        value, marker = identifier(family, number), writer.marker()
        by_create = writer.random.random() < 0.5
        asked = (
            {"method": "POST", "url": "Patient", "ifNoneExist": criteria(value)}
            if by_create
            else {"method": "PUT", "url": f"Patient?{criteria(value)}"}
        )
        entries.append({"resource": patient(value, marker), "request": asked})
        markers.append((by_create, marker))
    answer = writer.client.send(
        "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    )
    written = []
    if answer.status == 200:
        for (by_create, marker), entry in zip(markers, answer.json["entry"], strict=True):
            done = entry["response"]
            if done["status"].startswith("201") or not by_create:
                _, type_, id_, _, version = ("/" + done["location"]).rsplit("/", 4)
                written.append(Written(type_, id_, int(version), marker))
    writer.tally.note(answer, *written)


def _written(answer: Answer, marker: str) -> Written:
    body = answer.json
    return Written("Patient", body["id"], answer.version, marker)


def one_of(family: str, *actions: Callable[[Writer, str], None]) -> Callable[[Writer], None]:
    """Any of the actions on any of the fifty identifiers."""

    def act(writer: Writer) -> None:
        number = writer.random.randrange(IDENTIFIERS)
        writer.random.choice(actions)(writer, identifier(family, number))

    return act


def each_once(family: str, action: Callable[[Writer, str], None]) -> Callable[[Writer], None]:
    """The action on each of the fifty identifiers."""

    def act(writer: Writer) -> None:
        for number in range(IDENTIFIERS):
            action(writer, identifier(family, number))

    return act


def mixed(family: str) -> Callable[[Writer], None]:
    alone = one_of(family, create, update, update)

    def act(writer: Writer) -> None:
        if writer.random.random() < 0.3:
            together(writer, family)
        else:
            alone(writer)

    return act


# What the writers do, by the family of identifiers that they do it to.
RACES: Final[dict[str, Callable[[Writer], None]]] = {
    "create": one_of("create", create),
    "update": one_of("update", update),
    "mixed": mixed("mixed"),
    "deleted": one_of("deleted", create, create, update, delete),
}


def race(
    server: Server, family: str, act: Callable[[Writer], None], *, seconds: float, writers: int = 32
) -> tuple[Tally, list[str]]:
    """Let the writers race; returns what they were told and what is wrong afterwards."""
    tally = write_at_once(server, act, writers=writers, seconds=seconds)
    if family == "deleted":
        # In the end all are to be there again.
        write_at_once(server, each_once(family, create), writers=1, seconds=0)
    wrong = tally.unexpected()
    with server.client() as client:
        found = patients_of(client, family)
        values = Counter(p["identifier"][0]["value"] for p in found)
        wrong += [f"{n} resources have the identifier {v}" for v, n in values.items() if n != 1]
        if len(found) != IDENTIFIERS:
            wrong.append(f"there are {len(found)} resources, not {IDENTIFIERS}")
        markers: dict[tuple[str, int], str] = {}
        for resource in found:
            wrong += versions_wrong(client, resource, markers)
    if family != "deleted":  # The markers of resources that are gone aren't read.
        wrong += acknowledged_wrong(tally.written, markers)
    return tally, wrong


def patients_of(client: Client, family: str) -> list[Resource]:
    """All current resources of a family of identifiers."""
    values = ",".join(
        quote(f"{SYSTEM}|{identifier(family, n)}", safe="") for n in range(IDENTIFIERS)
    )
    entries = client.all_pages(f"Patient?identifier={values}&_count=1000")
    return [entry["resource"] for entry in entries]


def versions_wrong(
    client: Client, resource: Resource, markers: dict[tuple[str, int], str]
) -> list[str]:
    """What is wrong with the history of a resource; collects the marker of each version."""
    name = f"Patient/{resource['id']}"
    history = client.all_pages(f"{name}/_history?_count=1000")
    wrong = []
    numbers = [int(v["response"]["etag"][3:-1]) for v in history]
    if numbers != list(range(len(history), 0, -1)):
        wrong.append(f"{name} has the versions {numbers}")
    times = [v["response"]["lastModified"] for v in history]
    if times != sorted(set(times), reverse=True):
        wrong.append(f"{name} was not updated later and later: {times}")
    for number, version in zip(numbers, history, strict=True):
        content = version["resource"]
        markers[content["id"], number] = content["name"][0]["family"]
        if content["meta"]["versionId"] != str(number):
            wrong.append(f"{name} version {number} says that it is another")
    return wrong + [
        f"{name} version {number} can't be read"
        for number in {numbers[0], numbers[len(numbers) // 2], 1}
        if client.send("GET", f"{name}/_history/{number}").status != 200
    ]


def acknowledged_wrong(
    written: Sequence[Written], markers: dict[tuple[str, int], str]
) -> list[str]:
    """Every version is the one that was acknowledged, and each was acknowledged to one writer."""
    wrong = [
        f"{w.type}/{w.id} version {w.version} isn't what was acknowledged"
        for w in written
        if markers.get((w.id, w.version)) != w.marker
    ]
    if len(written) != len(markers):
        wrong.append(f"{len(written)} versions were acknowledged, and there are {len(markers)}")
    return wrong


def at_once(server: Server, requests: Sequence[Callable[[Client], Answer]]) -> list[Answer]:
    """Send all requests at the same moment; the answers are in the same order."""
    answers: list[Answer | None] = [None] * len(requests)
    start = threading.Barrier(len(requests))

    def run(number: int) -> None:
        with server.client() as client:
            client.send("GET", "metadata?_elements=id")  # The connection is open before the start.
            start.wait()
            answers[number] = requests[number](client)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [a for a in answers if a is not None]
