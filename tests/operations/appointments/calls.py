"""Calls of the operations on appointments, in few words."""

from __future__ import annotations

from datetime import date

from tests.answers import done, resources

MONDAY = date(2027, 3, 1)
SERVICE = {"coding": [{"system": "http://tests.example/service", "code": "knee"}]}


def name(resource):
    return f"{resource['resourceType']}/{resource['id']}"


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
