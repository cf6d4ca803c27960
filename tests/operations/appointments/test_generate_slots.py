"""Schedule/$generate-slots: slots of working hours."""

from __future__ import annotations

from tests.answers import done, refused
from tests.operations.appointments.calls import MONDAY, call, for_patient, name


def test_slots_are_made_of_working_hours(client, practice):
    assert practice.slots(days=7) == {
        "created": 40, "kept": 0, "closed": 0, "opened": 0, "taken-outside-hours": 0,
    }  # fmt: skip
    assert len(practice.find()) == 40


def test_slots_are_made_once(practice):
    practice.slots()

    assert practice.slots()["created"] == 0


def test_slots_are_made_once_by_many_at_once(practice, at_once, client):
    at_once(lambda _: practice.slots(), range(4))

    assert len(practice.find()) == 8


def test_leave_closes_what_is_free_and_tells_what_is_taken(client, practice, patient):
    practice.slots(days=2)
    call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    during = {"start": str(MONDAY), "end": str(MONDAY)}
    role = practice.role | {"notAvailable": [{"description": "Leave", "during": during}]}
    done(client.put(f"/fhir/{name(role)}", json=role))

    told = practice.slots(days=2)

    assert (told["closed"], told["taken-outside-hours"]) == (7, 1)
    assert len(practice.find()) == 8
    done(client.put(f"/fhir/{name(role)}", json=practice.role))
    assert practice.slots(days=2)["opened"] == 7


def test_a_schedule_whose_actors_tell_no_hours_is_refused(client, practice, stored):
    schedule = practice.a_schedule(stored({"resourceType": "Practitioner"}))
    days = f"start={MONDAY}&end={MONDAY}&minutes=30"

    issue = refused(client.post(f"/fhir/{name(schedule)}/$generate-slots?{days}"), 422)

    assert "availableTime" in issue["diagnostics"]


def test_slots_are_at_the_time_of_the_place(client, practice, stored):
    zone = {"url": "http://hl7.org/fhir/StructureDefinition/timezone", "valueCode": "Asia/Tokyo"}
    schedule = practice.a_schedule(practice.doctor, practice.a_room(extension=[zone]))
    practice.slots(schedule)

    found = practice.find(schedule=schedule["id"], start=f"{MONDAY}T00:00:00+09:00")
    assert found[0]["start"] == f"{MONDAY}T08:00:00+09:00"
