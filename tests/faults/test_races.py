"""Many writers after the same resources; `make conformance` lets each race go on for a minute."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.faults import races, stored
from conformance.faults.races import at_once
from conformance.faults.writers import write_at_once
from fhirserver import ids
from tests.builders import a_patient, a_transaction, an_entry

SECONDS = 8


@pytest.mark.slow
@pytest.mark.parametrize("how", ["create", "update", "mixed", "deleted"])
def test_32_writers_on_50_identifiers(running_server, how):
    tally, wrong = races.race(running_server, how, races.RACES[how], seconds=SECONDS)

    assert wrong == []
    assert tally.acknowledged > 0


@pytest.mark.slow
def test_what_is_stored_agrees_after_the_races(running_server):
    assert stored.everything_wrong(running_server) == []


def test_of_16_updates_of_the_same_version_exactly_one_succeeds(running_server):
    made = create(running_server)

    def update(number: int):
        resource = a_patient(id=made["id"], name=[{"family": f"Writer{number}"}])
        return lambda c: c.send("PUT", f"Patient/{made['id']}", resource, If_Match='W/"1"')

    answers = at_once(running_server, [update(n) for n in range(16)])

    assert Counter(a.status for a in answers) == {200: 1, 412: 15}
    assert versions(running_server, made["id"]) == [2, 1]


def test_16_updates_without_a_version_all_succeed(running_server):
    made = create(running_server)

    def update(number: int):
        resource = a_patient(id=made["id"], name=[{"family": f"Writer{number}"}])
        return lambda c: c.send("PUT", f"Patient/{made['id']}", resource)

    answers = at_once(running_server, [update(n) for n in range(16)])

    assert {a.status for a in answers} == {200}
    assert sorted(a.version for a in answers) == list(range(2, 18))
    assert versions(running_server, made["id"]) == list(range(17, 0, -1))


def test_of_16_updates_that_create_one_id_exactly_one_creates_it(running_server):
    id_ = ids.new()

    def update(number: int):
        resource = a_patient(id=id_, name=[{"family": f"Writer{number}"}])
        return lambda c: c.send("PUT", f"Patient/{id_}", resource)

    answers = at_once(running_server, [update(n) for n in range(16)])

    assert Counter(a.status for a in answers) == {201: 1, 200: 15}
    assert versions(running_server, id_) == list(range(16, 0, -1))


def test_of_16_updates_that_must_create_exactly_one_succeeds(running_server):
    id_ = ids.new()
    resource = a_patient(id=id_)

    answers = at_once(
        running_server,
        [lambda c: c.send("PUT", f"Patient/{id_}", resource, If_None_Match="*")] * 16,
    )

    assert Counter(a.status for a in answers) == {201: 1, 412: 15}


def test_of_16_patches_none_is_lost(running_server):
    made = create(running_server)

    def patch(number: int):
        body = f'[{{"op":"add","path":"/name/-","value":{{"family":"Writer{number}"}}}}]'.encode()
        return lambda c: c.send(
            "PATCH",
            f"Patient/{made['id']}",
            body,
            Content_Type="application/json-patch+json",
        )

    answers = at_once(running_server, [patch(n) for n in range(16)])

    assert {a.status for a in answers} == {200}
    with running_server.client() as client:
        names = [n["family"] for n in client.send("GET", f"Patient/{made['id']}").json["name"]]
    assert sorted(names[1:]) == sorted(f"Writer{n}" for n in range(16))


def test_transactions_in_opposite_order_all_succeed(running_server):
    names = [ids.new() for _ in range(10)]
    with running_server.client() as client:
        for name in names:
            client.send("PUT", f"Patient/{name}", a_patient(id=name))

    def act(writer) -> None:
        order = names if writer.number % 2 else names[::-1]
        entries = [
            an_entry("PUT", f"Patient/{n}", a_patient(id=n, name=[{"family": writer.marker()}]))
            for n in order
        ]
        writer.tally.note(writer.client.send("POST", "", a_transaction(*entries)))

    tally = write_at_once(running_server, act, writers=8, seconds=3)

    assert tally.unexpected() == []
    counts = {len(versions(running_server, n)) for n in names}
    assert counts == {tally.statuses[200] + 1}


def test_transactions_that_create_the_same_ids_in_opposite_order_all_succeed(running_server):
    rounds = [[ids.new() for _ in range(10)] for _ in range(10)]

    for names in rounds:

        def transaction(number: int, names=names):
            order = names if number % 2 else names[::-1]
            entries = [
                an_entry("PUT", f"Patient/{n}", a_patient(id=n, name=[{"family": f"W{number}"}]))
                for n in order
            ]
            return lambda c: c.send("POST", "", a_transaction(*entries))

        answers = at_once(running_server, [transaction(n) for n in range(8)])

        assert [a.says for a in answers if a.status != 200] == []
        assert all(versions(running_server, n) == list(range(8, 0, -1)) for n in names)


def create(server) -> dict:
    with server.client() as client:
        return client.send("POST", "Patient", a_patient()).json


def versions(server, id_: str) -> list[int]:
    with server.client() as client:
        entries = client.all_pages(f"Patient/{id_}/_history?_count=1000")
    return [int(e["resource"]["meta"]["versionId"]) for e in entries]
