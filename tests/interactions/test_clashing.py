"""Appointments that are written directly, beside $book, give nobody two at one time either."""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused, resources
from tests.builders import a_bundle, a_patient, an_entry

NINE, HALF_PAST, TEN = (f"2027-05-03T{t}:00+02:00" for t in ("09:00", "09:30", "10:00"))


def to(resource):
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


@pytest.fixture
def stored(client):
    def make(kind, **elements):
        made = {"resourceType": kind, **elements}
        return done(client.post(f"/fhir/{kind}", json=made), 201)

    return make


@pytest.fixture
def patient(client):
    return done(client.post("/fhir/Patient", json=a_patient()), 201)


@pytest.fixture
def doctor(stored):
    return stored("Practitioner")


@pytest.fixture
def appointment(patient):
    def make(*actors, start=NINE, end=TEN, status="booked", **more):
        who = [{"actor": to(a), "status": "accepted"} for a in (patient, *actors)]
        return {
            "resourceType": "Appointment",
            "status": status,
            "start": start,
            "end": end,
            "participant": who,
            **more,
        }

    return make


def post(client, resource):
    return client.post("/fhir/Appointment", json=resource)


@pytest.mark.parametrize("status", ["pending", "booked", "arrived", "checked-in"])
def test_who_has_an_appointment_gets_no_other_one_at_that_time(client, appointment, doctor, status):
    done(post(client, appointment(doctor, status=status)), 201)

    found = refused(post(client, appointment(doctor, start=HALF_PAST)), 409)

    assert found["code"] == "conflict"
    assert "Appointment/$find" in found["diagnostics"]
    # The same instant, written in another zone.
    same = appointment(doctor, start="2027-05-03T07:30:00Z", end="2027-05-03T07:40:00Z")
    refused(post(client, same), 409)
    done(post(client, appointment(doctor, start=TEN, end="2027-05-03T10:30:00+02:00")), 201)


@pytest.mark.parametrize("status", ["proposed", "waitlist", "cancelled", "noshow", "fulfilled"])
def test_what_keeps_no_time_is_in_nobodys_way(client, appointment, doctor, status):
    done(post(client, appointment(doctor, status=status)), 201)
    done(post(client, appointment(doctor)), 201)
    done(post(client, appointment(doctor, status=status)), 201)


def test_a_person_in_another_role_a_room_and_a_device_have_one_appointment_at_a_time(client, appointment, doctor, stored):  # fmt: skip
    role = stored("PractitionerRole", practitioner=to(doctor))
    room = stored("Location", physicalType={"coding": [{"code": "ro"}]})
    device = stored("Device")
    done(post(client, appointment(doctor, room, device)), 201)

    for each in (role, room, device):
        refused(post(client, appointment(each)), 409)
    clinic = stored("Location")
    done(post(client, appointment(clinic)), 201)
    done(post(client, appointment(clinic)), 201)


def test_who_declined_or_is_only_informed_is_not_busy(client, appointment, doctor):
    declined = appointment(doctor)
    declined["participant"][1]["status"] = "declined"
    informed = appointment(doctor)
    informed["participant"][1]["required"] = "information-only"

    for each in (declined, informed, appointment(doctor)):
        done(post(client, each), 201)


def test_a_slot_has_one_appointment(client, appointment, stored):
    clinic = stored("HealthcareService")
    schedule = stored("Schedule", actor=[to(clinic)])
    slot = stored("Slot", schedule=to(schedule), status="free", start=NINE, end=TEN)
    done(post(client, appointment(slot=[to(slot)])), 201)

    refused(post(client, appointment(slot=[to(slot)])), 409)


def test_a_slot_is_in_the_way_of_its_doctor(client, appointment, doctor, stored):
    schedule = stored("Schedule", actor=[to(doctor)])
    slot = stored("Slot", schedule=to(schedule), status="busy", start=NINE, end=TEN)
    done(post(client, appointment(slot=[to(slot)])), 201)

    refused(post(client, appointment(doctor, start=HALF_PAST)), 409)


def test_an_appointment_is_neither_moved_nor_booked_into_another_one(client, appointment, doctor):
    done(post(client, appointment(doctor)), 201)
    other = done(post(client, appointment(doctor, status="proposed")), 201)
    where = f"/fhir/Appointment/{other['id']}"

    refused(client.put(where, json=other | {"status": "booked"}), 409)
    booking = [{"op": "replace", "path": "/status", "value": "booked"}]
    patched = client.patch(where, json=booking, content_type="application/json-patch+json")
    refused(patched, 409)
    later = other | {"status": "booked", "start": TEN, "end": "2027-05-03T11:00:00+02:00"}
    moved = done(client.put(where, json=later), 200)
    refused(client.put(where, json=moved | {"start": NINE}), 409)
    done(client.put(where, json=moved | {"status": "arrived"}), 200)


def test_entries_of_one_transaction_are_in_each_others_way(client, appointment, doctor):
    two = [an_entry("POST", "Appointment", appointment(doctor)) for _ in range(2)]

    found = refused(client.post("/fhir", json=a_bundle("transaction", *two)), 409)

    assert found["expression"][0].startswith("Bundle.entry[0]")
    left = client.get(f"/fhir/Appointment?actor=Practitioner/{doctor['id']}")
    assert resources(done(left)) == []


def test_of_32_who_write_an_appointment_at_once_one_gets_the_time(client, appointment, doctor, at_once, app, client_of):  # fmt: skip
    answers = []

    def write(number):
        made = appointment(doctor, id=ids.new())
        if number % 2:
            answer = client_of(app).put(f"/fhir/Appointment/{made['id']}", json=made)
        else:
            answer = post(client_of(app), made)
        answers.append(answer.status_code)

    at_once(write, range(32))

    assert sorted(answers) == [201] + [409] * 31
    left = client.get(f"/fhir/Appointment?actor=Practitioner/{doctor['id']}")
    assert len(resources(done(left))) == 1


def test_what_was_written_directly_is_in_the_way_of_booking(client, appointment, doctor, stored, patient, at_once, app, client_of):  # fmt: skip
    schedule = stored("Schedule", actor=[to(doctor)])
    slot = stored("Slot", schedule=to(schedule), status="free", start=NINE, end=TEN)
    wanted = appointment(status="proposed", slot=[to(slot)])
    given = {
        "resourceType": "Parameters",
        "parameter": [{"name": "appointment-resource", "resource": wanted}],
    }
    answers = []

    def take(number):
        own = client_of(app)
        if number % 2:
            answer = own.post("/fhir/Appointment/$book", json=given)
        else:
            answer = post(own, appointment(doctor, start=HALF_PAST))
        answers.append(answer.status_code)

    at_once(take, range(16))

    assert sorted(answers)[1:] == [409] * 15
    left = done(client.get(f"/fhir/Appointment?patient={patient['id']}"))
    assert len(resources(left)) == 1


def test_an_appointment_that_has_slots_is_cancelled_before_it_is_deleted(client, appointment, doctor, stored):  # fmt: skip
    schedule = stored("Schedule", actor=[to(doctor)])
    slot = stored("Slot", schedule=to(schedule), status="free", start=NINE, end=TEN)
    wanted = {"name": "appointment-resource", "resource": appointment(slot=[to(slot)])}
    given = {"resourceType": "Parameters", "parameter": [wanted]}
    [booked] = resources(done(client.post("/fhir/Appointment/$book", json=given)))
    where = f"/fhir/Appointment/{booked['id']}"

    assert "$cancel" in refused(client.delete(where), 409)["diagnostics"]
    whole = a_bundle("transaction", an_entry("DELETE", f"Appointment/{booked['id']}"))
    refused(client.post("/fhir", json=whole), 409)
    done(client.post(f"{where}/$cancel"))
    assert client.delete(where).status_code == 204
    assert done(client.get(f"/fhir/Slot/{slot['id']}"))["status"] == "free"


def test_what_listed_systems_have_booked_is_stored_and_counts(make_app, client_of, token, appointment, doctor, client):  # fmt: skip
    feed = client_of(make_app(appointment_sources="somebody, te*"))
    done(post(feed, appointment(doctor)), 201)
    done(post(feed, appointment(doctor)), 201)

    refused(post(client, appointment(doctor)), 409)


def test_a_site_stores_what_other_systems_have_booked(make_app, client_of, token, appointment, doctor, client):  # fmt: skip
    app = make_app(appointment_rules="people")
    system, person = client_of(app), client_of(app)
    person.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('user/*.cruds')}"
    done(post(system, appointment(doctor)), 201)
    done(post(system, appointment(doctor)), 201)

    refused(post(person, appointment(doctor)), 409)
