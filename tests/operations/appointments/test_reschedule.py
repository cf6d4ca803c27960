"""Appointment/$reschedule: another time for the same appointment."""

from __future__ import annotations

from tests.answers import refused
from tests.operations.appointments.calls import call, for_patient, name, one, read, statuses_of


def test_an_appointment_is_moved(client, practice, patient):
    practice.slots()
    first, *_, last = practice.find()
    booked = one(call(client, "book", appointment_resource=for_patient(first, patient)))

    moved = one(call(client, "reschedule", booked, slot=last["slot"]))

    assert (moved["id"], moved["start"]) == (booked["id"], last["start"])
    assert statuses_of(client, booked) == ["free"]
    assert statuses_of(client, moved) == ["busy"]


def test_an_appointment_that_cannot_be_moved_stays_where_it_is(client, practice, patient):
    practice.slots()
    first, second, *_ = practice.find()
    booked = one(call(client, "book", appointment_resource=for_patient(first, patient)))
    call(client, "book", appointment_resource=for_patient(second, patient))

    refused(call(client, "reschedule", booked, slot=second["slot"]), 409)

    assert read(client, name(booked)) == booked
    assert statuses_of(client, booked) == ["busy"]
