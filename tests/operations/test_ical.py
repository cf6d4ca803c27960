"""https://www.rfc-editor.org/rfc/rfc5545"""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from tests.answers import done, refused
from tests.builders import a_batch, an_entry

ZONE = "http://hl7.org/fhir/StructureDefinition/timezone"


@pytest.fixture
def stored(client):
    def make(resource_type, **elements):
        body = {"resourceType": resource_type, **elements}
        return done(client.post(f"/fhir/{resource_type}", json=body), 201)

    return make


def to(resource):
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


@pytest.fixture
def doctor(stored):
    return stored("Practitioner")


@pytest.fixture
def booked(stored, doctor):
    def make(start, end, *more, status="booked"):
        patient = stored("Patient", name=[{"family": "Lovelace"}])
        who = [{"actor": to(a), "status": "accepted"} for a in (patient, doctor, *more)]
        return stored("Appointment", status=status, start=start, end=end, participant=who,
                      description="A secret")  # fmt: skip

    return make


def events(client, resource, **query):
    asked = {"start": "2027-01-01", "end": "2027-12-31", **query}
    answer = client.get(f"/fhir/{to(resource)['reference']}/$ical", query_string=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/calendar")
    return Calendar.from_ical(answer.text), answer.text


def test_a_practitioner_has_a_calendar_in_the_zone_of_the_place(client, stored, doctor, booked):
    place = stored("Location", name="House 3",
                   extension=[{"url": ZONE, "valueCode": "Europe/Vienna"}])  # fmt: skip
    winter = booked("2027-03-26T08:00:00Z", "2027-03-26T08:30:00Z", place)
    booked("2027-03-29T07:00:00Z", "2027-03-29T07:30:00Z", place)

    calendar, text = events(client, doctor)

    first, second = calendar.walk("VEVENT")
    assert first["UID"].endswith(f"Appointment/{winter['id']}")
    assert [e["DTSTART"].dt.hour for e in (first, second)] == [9, 9]
    assert first["DTEND"].dt - first["DTSTART"].dt == timedelta(minutes=30)
    assert (first["LOCATION"], first["STATUS"]) == ("House 3", "CONFIRMED")
    assert "DTSTART;TZID=Europe/Vienna:20270326T090000" in text
    [zone] = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Vienna"


def test_a_calendar_says_nothing_of_who_or_why(client, doctor, booked):
    booked("2027-03-26T08:00:00Z", "2027-03-26T08:30:00Z")

    _, text = events(client, doctor)

    assert "Lovelace" not in text
    assert "secret" not in text


def test_what_is_cancelled_says_so_in_the_calendar(client, doctor, booked):
    made = booked("2027-03-26T08:00:00Z", "2027-03-26T08:30:00Z")
    before, _ = events(client, doctor)
    done(client.put(f"/fhir/{to(made)['reference']}", json=made | {"status": "cancelled"}))

    after, _ = events(client, doctor)

    [old], [new] = before.walk("VEVENT"), after.walk("VEVENT")
    assert (new["UID"], new["STATUS"]) == (old["UID"], "CANCELLED")
    assert new["SEQUENCE"] > old["SEQUENCE"]


def test_appointments_of_a_role_are_in_the_calendar_of_its_practitioner(client, stored, doctor, booked):  # fmt: skip
    role = stored("PractitionerRole", practitioner=to(doctor))
    who = [{"actor": to(role), "status": "accepted"}]
    stored("Appointment", status="booked", start="2027-05-01T08:00:00Z",
           end="2027-05-01T09:00:00Z", participant=who)  # fmt: skip

    calendar, _ = events(client, doctor)

    assert len(calendar.walk("VEVENT")) == 1


def test_a_calendar_has_the_days_that_were_asked_for(client, doctor, booked):
    booked("2027-03-26T08:00:00Z", "2027-03-26T08:30:00Z")

    assert len(events(client, doctor, start="2027-03-26", end="2027-03-26")[0].walk("VEVENT")) == 1
    assert events(client, doctor, start="2027-03-27")[0].walk("VEVENT") == []
    where = f"/fhir/{to(doctor)['reference']}/$ical"
    refused(client.get(f"{where}?start=2027-03-02&end=2027-03-01"), 400)


def test_a_calendar_needs_a_token_in_a_header(app, client, doctor):
    where = f"/fhir/{to(doctor)['reference']}/$ical"

    assert app.test_client().get(where).status_code == 401
    assert app.test_client().get(f"{where}?access_token=x").status_code == 400
    refused(client.get("/fhir/Practitioner/nobody/$ical"), 404)


def test_a_batch_gets_a_calendar_as_a_binary(client, doctor):
    answer = client.post("/fhir", json=a_batch(an_entry("GET", f"{to(doctor)['reference']}/$ical")))

    assert done(answer)["entry"][0]["resource"]["contentType"] == "text/calendar"
