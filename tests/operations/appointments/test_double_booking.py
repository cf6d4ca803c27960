"""Nobody and nothing is booked twice at one time."""

from __future__ import annotations

from tests.answers import done, refused, resources
from tests.operations.appointments.calls import (
    MONDAY,
    call,
    for_patient,
    name,
    one,
    read,
    statuses_of,
)


def test_slots_of_the_same_person_that_overlap_are_blocked(client, practice, patient):
    other = practice.a_schedule(practice.doctor)
    practice.slots()
    practice.slots(other, minutes=60)
    first = practice.find(schedule=practice.schedule["id"])[0]
    long = practice.find(schedule=other["id"])[0]

    booked = one(call(client, "book", appointment_resource=for_patient(first, patient)))

    assert statuses_of(client, long) == ["busy-unavailable"]
    refused(call(client, "book", appointment_resource=for_patient(long, patient)), 409)
    done(call(client, "cancel", booked))
    assert statuses_of(client, long) == ["free"]


def test_a_person_in_two_roles_is_one_person(client, practice, patient, stored):
    other = practice.a_schedule(practice.role)
    practice.slots()
    practice.slots(other, minutes=60)
    first = practice.find(schedule=practice.schedule["id"])[0]
    long = resources(
        done(client.get(f"/fhir/Slot?schedule={name(other)}&start={first['start']}&_sort=start"))
    )

    call(client, "book", appointment_resource=for_patient(first, patient))

    assert read(client, name(long[0]))["status"] == "busy-unavailable"


def test_a_device_on_two_schedules_is_one_device(client, practice, patient, stored):
    device = stored({"resourceType": "Device"})
    day = {"status": "free", "start": f"{MONDAY}T08:00:00Z", "end": f"{MONDAY}T08:30:00Z"}
    slots = [
        stored({"resourceType": "Slot", "schedule": {"reference": name(s)}, **day})
        for s in (practice.a_schedule(device), practice.a_schedule(device))
    ]
    practice.slots()
    proposal = practice.find(together=name(device))[0]
    assert len(proposal["slot"]) == 2

    booked = one(call(client, "book", appointment_resource=for_patient(proposal, patient)))

    assert name(device) in {p["actor"]["reference"] for p in booked["participant"]}
    states = sorted(read(client, name(s))["status"] for s in slots)
    assert states == ["busy", "busy-unavailable"]


def test_a_clinic_where_several_work_ties_nobody(client, practice, patient, stored):
    clinic = stored({"resourceType": "Location", "name": "Clinic"})
    mine = practice.a_schedule(practice.doctor, clinic)
    theirs = practice.a_schedule(stored({"resourceType": "Practitioner"}), clinic)
    day = {"status": "free", "start": f"{MONDAY}T08:00:00Z", "end": f"{MONDAY}T09:00:00Z"}
    slots = [
        stored({"resourceType": "Slot", "schedule": {"reference": name(s)}, **day})
        for s in (mine, theirs)
    ]

    for each in slots:
        wanted = {"resourceType": "Appointment", "status": "proposed", "participant": []}
        made = for_patient({**wanted, "slot": [{"reference": name(each)}]}, patient)
        assert call(client, "book", appointment_resource=made).status_code == 200


def test_a_slot_stays_blocked_until_the_last_appointment_is_cancelled(client, practice, patient):
    other = practice.a_schedule(practice.doctor)
    practice.slots()
    practice.slots(other, minutes=60)
    first, second = practice.find(schedule=practice.schedule["id"])[:2]
    [long, *_] = practice.find(schedule=other["id"])
    both = [
        one(call(client, "book", appointment_resource=for_patient(a, patient)))
        for a in (first, second)
    ]

    done(call(client, "cancel", both[0]))
    assert statuses_of(client, long) == ["busy-unavailable"]
    done(call(client, "cancel", both[1]))
    assert statuses_of(client, long) == ["free"]


def test_slots_made_later_at_a_time_that_is_taken_are_blocked(client, practice, patient):
    practice.slots()
    call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    other = practice.a_schedule(practice.doctor)
    practice.slots(other, minutes=60)

    assert len(practice.find(schedule=other["id"])) == 3


def test_of_32_who_book_one_slot_at_once_one_gets_it(client, practice, patient, at_once, app, client_of):  # fmt: skip
    practice.slots()
    wanted = for_patient(practice.find()[0], patient)
    answers = []

    def book(_):
        answers.append(call(client_of(app), "book", appointment_resource=wanted))

    at_once(book, range(32))

    assert sorted(a.status_code for a in answers) == [200] + [409] * 31
    found = done(client.get(f"/fhir/Appointment?slot={wanted['slot'][0]['reference']}"))
    assert len(resources(found)) == 1


def test_of_many_who_book_slots_that_overlap_one_gets_the_time(client, practice, patient, at_once, app, client_of):  # fmt: skip
    other = practice.a_schedule(practice.doctor)
    practice.slots()
    practice.slots(other, minutes=60)
    wanted = [practice.find(schedule=practice.schedule["id"])[0], practice.find(schedule=other["id"])[0]]  # fmt: skip
    answers = []

    def book(number):
        made = for_patient(wanted[number % 2], patient)
        answers.append(call(client_of(app), "book", appointment_resource=made).status_code)

    at_once(book, range(12))

    assert sorted(answers) == [200] + [409] * 11
