"""Appointment/$book: https://profiles.ihe.net/ITI/Scheduling/ITI-117.html"""

from __future__ import annotations

from datetime import UTC, datetime

from fhirserver import clock
from tests.answers import done, refused
from tests.operations.appointments.calls import (
    MONDAY,
    call,
    for_patient,
    name,
    one,
    read,
    statuses_of,
)


def test_what_was_found_is_booked(client, practice, patient):
    practice.slots()
    proposal = practice.find()[0]

    booked = one(call(client, "book", appointment_resource=for_patient(proposal, patient)))

    assert (booked["status"], booked["start"]) == ("booked", proposal["start"])
    assert read(client, name(booked)) == booked
    assert statuses_of(client, booked) == ["busy"]
    assert proposal["start"] not in {a["start"] for a in practice.find()}


def test_a_slot_that_is_taken_is_not_booked_again(client, practice, patient):
    practice.slots()
    wanted = for_patient(practice.find()[0], patient)
    call(client, "book", appointment_resource=wanted)

    issue = refused(call(client, "book", appointment_resource=wanted), 409)

    assert "not free any more" in issue["diagnostics"]
    assert patient["id"] not in str(issue)


def test_nothing_of_an_appointment_is_kept_when_its_room_is_taken(client, practice, patient):
    room = practice.a_room()
    practice.slots()
    practice.slots(practice.a_schedule(room), minutes=60)
    first, second = practice.find(together=name(room))[:2]
    call(client, "book", appointment_resource=for_patient(first, patient))

    refused(call(client, "book", appointment_resource=for_patient(second, patient)), 409)

    doctors = [s for s in second["slot"] if s not in first["slot"]]
    assert [read(client, s["reference"])["status"] for s in doctors] == ["free"]


def test_booking_costs_as_many_statements_however_full_the_day_is(client, practice, patient, query_recorder):  # fmt: skip
    practice.slots(minutes=60)
    practice.slots(practice.a_schedule(practice.doctor), minutes=10)
    counts = []
    for proposal in practice.find(schedule=practice.schedule["id"])[:3]:
        query_recorder.clear()
        done(call(client, "book", appointment_resource=for_patient(proposal, patient)))
        counts.append(len(query_recorder))

    assert counts[1] == counts[2]
    assert counts[2] < 60, counts


def test_an_appointment_needs_a_patient_and_slots_that_are_there(client, practice, patient):
    practice.slots()
    proposal = practice.find()[0]

    refused(call(client, "book", appointment_resource=proposal), 422)
    lost = for_patient({**proposal, "slot": [{"reference": "Slot/nowhere"}]}, patient)
    refused(call(client, "book", appointment_resource=lost), 422)
    none = {k: v for k, v in for_patient(proposal, patient).items() if k != "slot"}
    refused(call(client, "book", appointment_resource=none), 422)
    elsewhere = for_patient({**proposal, "end": f"{MONDAY}T18:00:00Z"}, patient)
    refused(call(client, "book", appointment_resource=elsewhere), 400)
    assert len(practice.find()) == 8


def test_a_time_that_is_over_is_not_booked(client, practice, patient, monkeypatch):
    practice.slots()
    wanted = for_patient(practice.find()[0], patient)
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 3, 2, tzinfo=UTC))

    refused(call(client, "book", appointment_resource=wanted), 400)
