"""Appointment/$hold: https://profiles.ihe.net/ITI/Scheduling/ITI-116.html"""

from __future__ import annotations

from datetime import timedelta

from fhirserver import clock
from tests.answers import refused
from tests.operations.appointments.calls import call, for_patient, name, one, read, statuses_of


def test_a_hold_keeps_a_time_until_it_is_booked(client, practice, patient):
    practice.slots()
    proposal = practice.find()[0]

    held = one(call(client, "hold", appointment_resource=for_patient(proposal, patient)))

    assert held["status"] == "pending"
    assert statuses_of(client, held) == ["busy-tentative"]
    refused(call(client, "book", appointment_resource=for_patient(proposal, patient)), 409)
    booked = one(call(client, "book", appointment_reference={"reference": name(held)}))
    assert (booked["id"], booked["status"]) == (held["id"], "booked")
    assert statuses_of(client, booked) == ["busy"]


def test_a_hold_ends_by_itself(client, practice, patient, monkeypatch):
    practice.slots()
    proposal = practice.find()[0]
    held = one(call(client, "hold", appointment_resource=for_patient(proposal, patient), minutes=2))
    assert len(practice.find()) == 7
    later = clock.now() + timedelta(minutes=3)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert len(practice.find()) == 8
    booked = one(call(client, "book", appointment_resource=for_patient(proposal, patient)))

    assert statuses_of(client, booked) == ["busy"]
    assert read(client, name(held))["status"] == "cancelled"


def test_a_hold_that_is_over_may_still_be_booked_while_nobody_else_wants_the_time(client, practice, patient, monkeypatch):  # fmt: skip
    practice.slots()
    held = one(call(client, "hold", appointment_resource=for_patient(practice.find()[0], patient)))
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    answer = call(client, "book", held)

    assert one(answer)["status"] == "booked"
    assert statuses_of(client, held) == ["busy"]


def test_a_hold_lasts_no_longer_than_the_setting_says(client, practice, patient):
    practice.slots()

    wanted = for_patient(practice.find()[0], patient)
    refused(call(client, "hold", appointment_resource=wanted, minutes=11), 400)
