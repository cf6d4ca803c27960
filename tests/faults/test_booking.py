"""Many who want one time at the same moment, over HTTP on a server of several processes."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.faults.races import at_once
from fhirserver import ids
from tests.builders import a_patient

START, END, HALF = "2027-03-01T08:00:00Z", "2027-03-01T09:00:00Z", "2027-03-01T08:30:00Z"


@pytest.fixture
def put(running_server):
    def make(resource_type, **elements):
        body = {"resourceType": resource_type, "id": ids.new(), **elements}

        def send(client):
            return client.send("PUT", f"{resource_type}/{body['id']}", body)

        [answer] = at_once(running_server, [send])
        assert answer.status == 201, answer.says
        return body

    return make


def to(resource):
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def booking(patient, *slots):
    appointment = {
        "resourceType": "Appointment",
        "status": "proposed",
        "slot": [to(s) for s in slots],
        "participant": [{"actor": to(patient), "status": "accepted"}],
    }
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "appointment-resource", "resource": appointment}],
    }
    return lambda c: c.send("POST", "Appointment/$book", body)


def found(server, path):
    [answer] = at_once(server, [lambda c: c.send("GET", path)])
    return [e["resource"] for e in answer.json.get("entry", ())]


def a_slot(put, schedule, start=START, end=END):
    return put("Slot", schedule=to(schedule), status="free", start=start, end=end)


@pytest.fixture
def patient(put):
    return put("Patient", **{k: v for k, v in a_patient().items() if k != "resourceType"})


@pytest.fixture
def schedule(put):
    return put("Schedule", actor=[to(put("Practitioner"))])


def test_of_32_who_book_one_slot_exactly_one_gets_it(running_server, put, patient, schedule):
    slot = a_slot(put, schedule)

    answers = at_once(running_server, [booking(patient, slot)] * 32)

    assert Counter(a.status for a in answers) == {200: 1, 409: 31}
    assert {a.json["issue"][0]["code"] for a in answers if a.status == 409} == {"conflict"}
    assert all("not free any more" in a.says for a in answers if a.status == 409)
    assert len(found(running_server, f"Appointment?slot={to(slot)['reference']}")) == 1
    [stored] = found(running_server, f"Slot?_id={slot['id']}")
    assert (stored["status"], stored["meta"]["versionId"]) == ("busy", "2")


def test_of_32_who_book_times_that_overlap_exactly_one_gets_one(running_server, put, patient, schedule):  # fmt: skip
    other = put("Schedule", actor=schedule["actor"])
    long, first, second = (
        a_slot(put, schedule),
        a_slot(put, other, end=HALF),
        a_slot(put, other, start=HALF),
    )
    wanted = [booking(patient, long), booking(patient, first, second)] * 16

    answers = at_once(running_server, wanted)

    assert Counter(a.status for a in answers) == {200: 1, 409: 31}
    names = ",".join(to(s)["reference"] for s in (long, first, second))
    assert len(found(running_server, f"Appointment?slot={names}")) == 1
    states = [
        found(running_server, f"Slot?_id={s['id']}")[0]["status"] for s in (long, first, second)
    ]
    assert states in (["busy", *["busy-unavailable"] * 2], ["busy-unavailable", "busy", "busy"])


def test_a_room_and_two_clinicians_are_taken_as_a_whole(running_server, put, patient, schedule):
    """Two clinicians, one room: half of the bookers want one with the room, half the other."""
    colleague = put("Schedule", actor=[to(put("Practitioner"))])
    kind = {"coding": [{"code": "ro"}]}
    room = put("Schedule", actor=[to(put("Location", physicalType=kind))])
    mine, theirs, place = (a_slot(put, s) for s in (schedule, colleague, room))
    wanted = [booking(patient, mine, place), booking(patient, place, theirs)] * 12

    answers = at_once(running_server, wanted)

    assert Counter(a.status for a in answers) == {200: 1, 409: 23}
    states = [found(running_server, f"Slot?_id={s['id']}")[0]["status"] for s in (mine, theirs)]
    assert sorted(states) == ["busy", "free"]
