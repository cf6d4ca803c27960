"""$find, $hold, $book, $cancel, $reschedule: https://profiles.ihe.net/ITI/Scheduling/"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from fhirserver import clock, ids
from tests.answers import done, refused, resources
from tests.builders import a_patient

MONDAY = date(2027, 3, 1)
SERVICE = {"coding": [{"system": "http://tests.example/service", "code": "knee"}]}


@pytest.fixture
def stored(client):
    def make(resource):
        return done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201)

    return make


def name(resource):
    return f"{resource['resourceType']}/{resource['id']}"


@pytest.fixture
def patient(stored):
    return stored(a_patient())


@pytest.fixture
def practice(stored, client):
    """Schedules of a new practitioner with hours from 8 to 12 on weekdays."""

    class Practice:
        def __init__(self):
            self.doctor = stored({"resourceType": "Practitioner"})
            self.schedule = self.a_schedule(self.doctor)
            self.role = stored(
                {
                    "resourceType": "PractitionerRole",
                    "practitioner": {"reference": name(self.doctor)},
                    "availableTime": [
                        {
                            "daysOfWeek": ["mon", "tue", "wed", "thu", "fri"],
                            "availableStartTime": "08:00:00",
                            "availableEndTime": "12:00:00",
                        }
                    ],
                }
            )

        def a_schedule(self, *actors, **more):
            return stored(
                {
                    "resourceType": "Schedule",
                    "active": True,
                    "serviceType": [SERVICE],
                    "actor": [{"reference": name(a)} for a in actors],
                    **more,
                }
            )

        def a_room(self, **more):
            told = {"openingTime": "06:00:00", "closingTime": "20:00:00"}
            kind = {"coding": [{"code": "ro"}]}
            place = {"resourceType": "Location", "physicalType": kind, "hoursOfOperation": [told]}
            return stored({**place, **more})

        def slots(self, schedule=None, *, minutes=30, days=1):
            schedule = schedule or self.schedule
            end = MONDAY + timedelta(days=days - 1)
            body = {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "start", "valueDate": str(MONDAY)},
                    {"name": "end", "valueDate": str(end)},
                    {"name": "minutes", "valuePositiveInt": minutes},
                ],
            }
            made = client.post(f"/fhir/{name(schedule)}/$generate-slots", json=body)
            return {p["name"]: p["valueInteger"] for p in done(made)["parameter"]}

        def find(self, **more):
            asked = {
                "start": f"{MONDAY}T00:00:00Z",
                "end": f"{MONDAY + timedelta(days=60)}T00:00:00Z",
                "practitioner": self.doctor["id"],
                "_count": "500",
                **more,
            }
            return resources(done(client.get("/fhir/Appointment/$find", query_string=asked)))

    return Practice()


def for_patient(proposal, patient):
    who = {"actor": {"reference": name(patient)}, "status": "accepted"}
    return {**proposal, "participant": [who, *proposal["participant"]]}


def given(**more):
    made = []
    for key, value in more.items():
        for each in value if isinstance(value, list) else [value]:
            kind = "valueString"
            if isinstance(each, dict) and "resourceType" in each:
                kind = "resource"
            elif isinstance(each, dict):
                kind = "valueReference" if "reference" in each else "valueCodeableConcept"
            elif isinstance(each, int):
                kind = "valuePositiveInt"
            made.append({"name": key.replace("_", "-"), kind: each})
    body = {"resourceType": "Parameters"}
    return body | {"parameter": made} if made else body


def call(client, operation, appointment=None, **more):
    where = f"/fhir/{name(appointment)}" if appointment else "/fhir/Appointment"
    return client.post(f"{where}/${operation}", json=given(**more))


def one(answer):
    [found] = resources(done(answer))
    return found


def read(client, text):
    return done(client.get(f"/fhir/{text}"))


def statuses_of(client, appointment):
    return [read(client, s["reference"])["status"] for s in appointment["slot"]]


# Slots


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


# Finding


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


# Booking


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


# Holding


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


# Series


def test_a_series_is_booked_as_a_whole(client, practice, patient):
    practice.slots(days=60)
    proposal = practice.find()[0]

    answer = call(
        client,
        "book",
        appointment_resource=for_patient(proposal, patient),
        recurrence="FREQ=WEEKLY;COUNT=4",
    )

    series = resources(done(answer))
    assert len(series) == 4
    assert len({a["identifier"][0]["value"] for a in series}) == 1
    assert all(statuses_of(client, a) == ["busy"] for a in series)


def test_of_a_series_with_a_time_that_is_taken_nothing_is_booked(client, practice, patient):
    practice.slots(days=60)
    proposals = practice.find()
    third = next(a for a in proposals if a["start"].startswith(str(MONDAY + timedelta(days=14))))
    call(client, "book", appointment_resource=for_patient(third, patient))

    answer = call(
        client,
        "book",
        appointment_resource=for_patient(proposals[0], patient),
        recurrence="FREQ=WEEKLY;COUNT=4",
    )

    assert str(MONDAY + timedelta(days=14)) in refused(answer, 409)["diagnostics"]
    assert len(practice.find()) == len(proposals) - 1


@pytest.mark.parametrize(("scope", "left"), [("this", 3), ("following", 1), ("all", 0)])
def test_of_a_series_one_some_or_all_are_cancelled(client, practice, patient, scope, left):
    practice.slots(days=60)
    answer = call(
        client,
        "book",
        appointment_resource=for_patient(practice.find()[0], patient),
        recurrence="FREQ=WEEKLY;COUNT=4",
    )
    series = resources(done(answer))

    done(call(client, "cancel", series[1], scope=scope))

    assert sum(read(client, name(a))["status"] == "booked" for a in series) == left


# Cancelling and moving


def test_a_cancelled_appointment_gives_its_time_back(client, practice, patient):
    practice.slots()
    booked = one(
        call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    )
    reason = {"coding": [{"code": "pat"}]}

    cancelled = one(call(client, "cancel", booked, reason=reason))

    assert (cancelled["status"], cancelled["cancelationReason"]) == ("cancelled", reason)
    assert statuses_of(client, booked) == ["free"]
    assert one(call(client, "cancel", booked))["status"] == "cancelled"


def test_an_appointment_that_claims_a_slot_of_another_does_not_free_it(client, practice, patient, stored):  # fmt: skip
    practice.slots()
    booked = one(
        call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    )
    claim = {k: v for k, v in booked.items() if k not in {"id", "meta"}}
    liar = stored({**claim, "status": "proposed"})

    done(call(client, "cancel", liar))

    assert statuses_of(client, booked) == ["busy"]


def test_an_appointment_that_is_over_is_not_cancelled(client, practice, patient, stored):
    made = {"resourceType": "Appointment", "status": "fulfilled", "start": "2020-01-01T08:00:00Z",
            "end": "2020-01-01T09:00:00Z",
            "participant": [{"actor": {"reference": name(patient)}, "status": "accepted"}]}  # fmt: skip

    refused(call(client, "cancel", stored(made)), 409)


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


def test_a_version_that_is_not_the_current_one_is_not_cancelled(client, practice, patient):
    practice.slots()
    booked = one(
        call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    )

    answer = client.post(
        f"/fhir/{name(booked)}/$cancel", json=given(), headers={"If-Match": 'W/"7"'}
    )

    refused(answer, 412)
    assert statuses_of(client, booked) == ["busy"]


def test_an_unknown_appointment_is_not_found(client):
    refused(client.post(f"/fhir/Appointment/{ids.new()}/$cancel", json=given()), 404)
