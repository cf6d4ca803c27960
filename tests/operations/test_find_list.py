"""https://hl7.org/fhir/R4/list-operation-find.html"""

from __future__ import annotations

import pytest

from tests.answers import done, refused
from tests.builders import a_patient

HL7 = "http://terminology.hl7.org/CodeSystem/list-example-codes"


@pytest.fixture
def patient(client):
    return done(client.post("/fhir/Patient", json=a_patient()), 201)["id"]


def make(client, patient, code, date, status="current", system=HL7):
    made = {
        "resourceType": "List", "status": status, "mode": "working", "date": date,
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    return done(client.post("/fhir/List", json=made), 201)["id"]


def find(client, patient, name):
    return client.get(f"/fhir/List/$find?patient={patient}&name={name}")


def test_the_newest_current_list_of_a_purpose(client, patient):
    make(client, patient, "problems", "2020")
    newest = make(client, patient, "11450-4", "2024", system="http://loinc.org")
    make(client, patient, "problems", "2025", status="retired")
    make(client, patient, "medications", "2025")

    assert done(find(client, patient, "current-problems"))["id"] == newest
    assert done(find(client, patient, "%24current-problems"))["id"] == newest


def test_a_list_by_its_own_code(client, patient):
    made = make(client, patient, "waiting", "2024")

    assert done(find(client, patient, "waiting"))["id"] == made


def test_no_list_is_not_found(client, patient):
    refused(find(client, patient, "current-allergies"), 404)
    refused(client.get(f"/fhir/List/$find?patient={patient}"), 400)
