"""Appointment/$find: https://profiles.ihe.net/ITI/Scheduling/ITI-115.html"""

from __future__ import annotations

from tests.answers import refused
from tests.operations.appointments.calls import MONDAY, name


def test_a_longer_time_is_found_in_slots_that_follow_one_another(client, practice, patient):
    practice.slots()

    found = practice.find(length=90)

    assert len(found) == 6
    assert all(len(a["slot"]) == 3 and a["minutesDuration"] == 90 for a in found)


def test_a_room_and_a_device_are_found_free_at_the_same_time(client, practice, stored, patient):
    room = practice.a_room()
    practice.slots()
    practice.slots(practice.a_schedule(room), minutes=60)

    found = practice.find(together=name(room))

    assert len(found) == 8
    assert len(found[0]["slot"]) == 2
    assert name(room) in {p["actor"]["reference"] for p in found[0]["participant"]}
    assert practice.find(together="Location/nowhere") == []


def test_the_first_times_are_found_however_far_away_they_are(client, practice, patient):
    practice.slots(days=50)
    found = practice.find(start="2027-01-01T00:00:00Z", end="2027-04-02T00:00:00Z")
    starts = [a["start"] for a in found]

    assert starts == sorted(starts)
    assert len(starts) == len(set(starts)) == 8 * 24
    few = practice.find(start="2027-01-01T00:00:00Z", end="2027-04-02T00:00:00Z", _count=3)
    assert [a["start"] for a in few] == starts[:3]


def test_a_slot_of_a_room_that_has_begun_before_counts(client, practice, stored):
    room = practice.a_room()
    practice.slots()
    practice.slots(practice.a_schedule(room), minutes=60)

    found = practice.find(start=f"{MONDAY}T08:30:00Z", together=name(room))

    assert found[0]["start"] == f"{MONDAY}T08:30:00+00:00"


def test_a_search_of_everything_and_one_of_years_are_refused(client, practice):
    dates = {"start": "2027-01-01T00:00:00Z", "end": "2027-02-01T00:00:00Z"}
    refused(client.get("/fhir/Appointment/$find", query_string=dates), 400)
    long = {**dates, "end": "2029-01-01T00:00:00Z", "practitioner": "x"}
    refused(client.get("/fhir/Appointment/$find", query_string=long), 403)
