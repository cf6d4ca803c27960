"""Who may book: the right to the appointment decides, slots follow."""

from __future__ import annotations

from datetime import date

import pytest

from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.tokens import issue
from tests.answers import done, refused, resources

DAY = date(2027, 5, 3)


def name(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def to(resource):
    return {"reference": name(resource)}


@pytest.fixture
def doctor(put):
    return put("Practitioner")


@pytest.fixture
def schedule(put, doctor):
    return put("Schedule", active=True, actor=[to(doctor)])


@pytest.fixture
def slots(put, schedule):
    def at(hour):
        return put("Slot", schedule=to(schedule), status="free", start=f"{DAY}T{hour:02}:00:00Z",
                   end=f"{DAY}T{hour:02}:30:00Z")  # fmt: skip

    return [at(hour) for hour in (8, 9, 10)]


@pytest.fixture
def patient(put, doctor):
    made = put("Patient", generalPractitioner=[to(doctor)])
    put(
        "CareTeam",
        status="active",
        subject=to(made),
        participant=[{"member": to(doctor)}],
    )
    return made


def wanted(slot, *who):
    return {
        "resourceType": "Appointment",
        "status": "proposed",
        "slot": [to(slot)],
        "participant": [{"actor": to(w), "status": "accepted"} for w in who],
    }


def call(client, operation, appointment=None, **more):
    made = []
    for key, value in more.items():
        kind = "resource" if "resourceType" in value else "valueReference"
        made.append({"name": key.replace("_", "-"), kind: value})
    body = {"resourceType": "Parameters"} | ({"parameter": made} if made else {})
    where = f"Appointment/{appointment['id']}" if appointment else "Appointment"
    return client.post(f"/fhir/{where}/${operation}", json=body)


def one(answer):
    [found] = resources(done(answer))
    return found


def status_of(client, slot):
    return done(client.get(f"/fhir/{name(slot)}"))["status"]


def test_a_doctor_books_without_rights_to_slots(as_user, client, doctor, patient, slots):
    me = as_user("doctor", name(doctor))
    changed = {**slots[0], "status": "busy"}
    refused(me.put(f"/fhir/{name(slots[0])}", json=changed), 403)

    one(call(me, "book", appointment_resource=wanted(slots[0], patient, doctor)))

    assert status_of(client, slots[0]) == "busy"


def test_a_doctor_makes_slots_of_their_own_hours_only(as_user, put, doctor, schedule):
    hours = {"availableStartTime": "08:00:00", "availableEndTime": "09:00:00"}
    put("PractitionerRole", practitioner=to(doctor), availableTime=[hours])
    other = put("Schedule", actor=[to(put("Practitioner"))])
    me = as_user("doctor", name(doctor))
    days = "start=2027-06-07&end=2027-06-07&minutes=30"

    done(me.post(f"/fhir/{name(schedule)}/$generate-slots?{days}"))
    refused(me.post(f"/fhir/{name(other)}/$generate-slots?{days}"), 403)


def test_who_may_not_make_the_appointment_changes_no_slot(as_user, client, put, patient, slots):
    somebody = as_user("doctor", name(put("Practitioner")))
    auditor = as_user("auditor", name(put("Practitioner")))

    refused(call(somebody, "book", appointment_resource=wanted(slots[0], patient)), 403)
    assert call(auditor, "book", appointment_resource=wanted(slots[0], patient)).status_code in {403, 422}  # fmt: skip

    assert status_of(client, slots[0]) == "free"


def test_a_patient_books_for_themselves_only(as_user, client, put, patient, doctor, slots):
    me = as_user("patient", name(patient))
    neighbour = put("Patient")

    refused(call(me, "book", appointment_resource=wanted(slots[0], neighbour, doctor)), 403)
    assert status_of(client, slots[0]) == "free"
    booked = one(call(me, "book", appointment_resource=wanted(slots[0], patient, doctor)))

    assert booked["status"] == "booked"
    assert status_of(client, slots[0]) == "busy"


def test_a_patient_books_what_they_held_and_cancels_it(as_user, client, patient, doctor, slots):
    me = as_user("patient", name(patient))
    held = one(call(me, "hold", appointment_resource=wanted(slots[0], patient, doctor)))

    booked = one(call(me, "book", appointment_reference=to(held)))
    assert (booked["id"], booked["status"]) == (held["id"], "booked")

    one(call(me, "cancel", booked))
    assert status_of(client, slots[0]) == "free"


def test_a_patient_moves_their_appointment_by_a_new_one(as_user, client, patient, doctor, slots):
    me = as_user("patient", name(patient))
    booked = one(call(me, "book", appointment_resource=wanted(slots[0], patient, doctor)))

    moved = one(call(me, "reschedule", booked, slot=to(slots[2])))

    assert moved["id"] != booked["id"]
    assert moved["extension"][0]["valueReference"] == to(booked)
    assert done(client.get(f"/fhir/{name(booked)}"))["status"] == "cancelled"
    assert [status_of(client, s) for s in slots] == ["free", "free", "busy"]


def test_a_patient_does_not_touch_the_appointments_of_others(as_user, client, put, patient, doctor, slots):  # fmt: skip
    stranger = as_user("patient", name(put("Patient")))
    booked = one(call(client, "book", appointment_resource=wanted(slots[0], patient, doctor)))

    refused(call(stranger, "cancel", booked), 404)
    refused(call(stranger, "reschedule", booked, slot=to(slots[1])), 404)
    refused(call(stranger, "book", booked), 404)

    assert [status_of(client, s) for s in slots] == ["busy", "free", "free"]


def test_nobody_learns_whose_appointment_is_in_the_way(as_user, client, put, patient, doctor, slots):  # fmt: skip
    booked = one(call(client, "book", appointment_resource=wanted(slots[0], patient, doctor)))
    other = put("Patient")
    stranger = as_user("patient", name(other))

    answer = call(stranger, "book", appointment_resource=wanted(slots[0], other, doctor))
    slot = stranger.get(f"/fhir/{name(slots[0])}")

    refused(answer, 409)
    for text in (answer.text, slot.text):
        assert patient["id"] not in text
        assert booked["id"] not in text


@pytest.fixture
def from_elsewhere(put, patient, doctor, schedule):
    """A booked appointment and its slot as another system left them."""
    slot = put("Slot", schedule=to(schedule), status="busy", start=f"{DAY}T14:00:00Z",
               end=f"{DAY}T14:30:00Z")  # fmt: skip
    who = [{"actor": to(w), "status": "accepted"} for w in (patient, doctor)]
    return put("Appointment", status="booked", slot=[to(slot)], start=slot["start"],
               end=slot["end"], participant=who), slot  # fmt: skip


def test_a_slot_from_elsewhere_is_given_back_by_who_may_change_slots(as_user, client, put, from_elsewhere):  # fmt: skip
    appointment, slot = from_elsewhere

    one(call(as_user("reception", name(put("Practitioner"))), "cancel", appointment))

    assert status_of(client, slot) == "free"


def test_a_slot_from_elsewhere_is_not_freed_by_who_only_claims_it(as_user, client, put, patient, from_elsewhere):  # fmt: skip
    appointment, slot = from_elsewhere
    claim = {k: v for k, v in appointment.items() if k not in {"id", "meta"}}
    claim["status"] = "proposed"
    me = as_user("patient", name(patient))

    one(call(me, "cancel", done(me.post("/fhir/Appointment", json=claim), 201)))
    assert status_of(client, slot) == "busy"
    mine = put("Appointment", **{k: v for k, v in claim.items() if k != "resourceType"})
    one(call(as_user("reception", name(put("Practitioner"))), "cancel", mine))
    assert status_of(client, slot) == "busy"


def test_whose_schedule_is_hidden_is_not_booked(as_user, client, put, patient, doctor, slots):
    """The appointment would name the schedule's actors."""
    scope = "user/Appointment.crus user/Slot.rs user/Patient.rs"
    me = as_user("doctor", name(doctor), scope=scope)

    refused(call(me, "book", appointment_resource=wanted(slots[0], patient, doctor)), 403)

    assert status_of(client, slots[0]) == "free"


def test_a_patients_app_finds_and_books(app, database, patient, doctor, schedule, slots):
    """With the scopes of an app that was launched for the patient."""
    scope = "patient/Appointment.crus patient/Slot.rs patient/Schedule.rs patient/Patient.rs"
    user = users.add(database, f"u-{ids.new()}", fhir_user=name(patient), roles=["patient"])
    token = issue(database, subject=user.name, scope=scope, lifetime_seconds=600, user=user.id,
                  patient=patient["id"])  # fmt: skip
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    times = {"start": f"{DAY}T00:00:00Z", "end": f"{DAY}T23:00:00Z", "schedule": schedule["id"]}

    proposals = resources(done(client.get("/fhir/Appointment/$find", query_string=times)))
    who = {"actor": to(patient), "status": "accepted"}
    made = {**proposals[0], "participant": [who, *proposals[0]["participant"]]}
    booked = one(call(client, "book", appointment_resource=made))

    assert len(proposals) == 3
    assert {p["actor"]["reference"] for p in booked["participant"]} == {name(patient), name(doctor)}


def test_a_token_needs_no_scope_for_slots_beyond_reading(as_user, client, patient, doctor, slots):
    scope = "user/Appointment.crus user/Slot.rs user/Schedule.rs user/Patient.rs"
    me = as_user("doctor", name(doctor), scope=scope)
    blind = as_user("doctor", name(doctor), scope="user/Appointment.crus user/Patient.rs")

    refused(call(blind, "book", appointment_resource=wanted(slots[0], patient, doctor)), 403)
    one(call(me, "book", appointment_resource=wanted(slots[0], patient, doctor)))

    assert status_of(client, slots[0]) == "busy"
