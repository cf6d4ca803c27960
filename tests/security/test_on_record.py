"""Attacks leave their mark on the record, with who tried and what, and without what they missed."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from fhirserver import ids
from tests.access.conftest import As, Put, as_user, put
from tests.audit.conftest import Events, events, request_id, subtype, whats

__all__ = ["as_user", "events", "put", "request_id"]


def agent_of(event: dict[str, Any], kind: str) -> dict[str, Any]:
    """The agent whose type has this code."""
    return next(a for a in event["agent"] if a["type"]["coding"][0]["code"] == kind)


def test_002_the_try_to_read_another_patients_observation_is_on_record(
    as_user: As, put: Put, events: Events, request_id: str
) -> None:
    a, b = put("Patient")["id"], put("Patient")["id"]
    code = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    subject = {"reference": f"Patient/{b}"}
    theirs = put("Observation", status="final", code=code, subject=subject)["id"]
    patient = as_user("patient", f"Patient/{a}")
    answer = patient.get(f"/fhir/Observation/{theirs}", headers={"X-Request-Id": request_id})
    assert answer.status_code == 404
    (event,) = events(request_id)

    assert (event["action"], event["outcome"], subtype(event)) == ("R", "4", "read")
    assert agent_of(event, "IRCP")["who"]["reference"] == f"Patient/{a}"
    assert f"Observation/{theirs}" in whats(event)
    # Whose it is, the record of a try doesn't say: it could be read by the one who tried.
    assert b not in str(event)


def test_020_the_try_of_a_clinician_without_a_relationship_is_on_record(
    as_user: As, put: Put, events: Events, request_id: str
) -> None:
    doctor, patient = put("Practitioner")["id"], put("Patient")["id"]
    asking = as_user("doctor", f"Practitioner/{doctor}")
    answer = asking.get(f"/fhir/Patient/{patient}", headers={"X-Request-Id": request_id})
    assert answer.status_code == 404
    (event,) = events(request_id)

    assert event["outcome"] == "4"
    user = agent_of(event, "IRCP")
    assert user["who"]["reference"] == f"Practitioner/{doctor}"
    assert user["role"][0]["coding"][0]["code"] == "doctor"
    assert f"Patient/{patient}" in whats(event)


def test_048_a_conditional_create_that_meets_a_hidden_record_is_on_record(
    as_user: As, put: Put, events: Events, request_id: str, client: FlaskClient
) -> None:
    doctor, number = put("Practitioner")["id"], ids.new()
    identifier = [{"system": "http://hospital.example/task", "value": number}]
    hidden = put(
        "Task", identifier=identifier, status="requested", intent="order", **{"for": {
            "reference": f"Patient/{put('Patient')['id']}"}}
    )["id"]  # fmt: skip
    body = {"resourceType": "Task", "status": "requested", "intent": "order"}
    asking = as_user("doctor", f"Practitioner/{doctor}")
    headers = {
        "X-Request-Id": request_id,
        "If-None-Exist": f"identifier=http://hospital.example/task|{number}",
    }
    answer = asking.post("/fhir/Task", json=body, headers=headers)
    (event,) = events(request_id)

    assert hidden not in answer.text
    assert "Location" not in answer.headers or hidden not in answer.headers["Location"]
    assert (event["action"], subtype(event)) == ("C", "create")
    assert event["outcome"] == ("0" if answer.status_code < 400 else "4")
    assert hidden not in str(event)
    assert any("query" in e for e in event["entity"])
