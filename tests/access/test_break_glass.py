"""$break-glass: who may, what it shows, and who is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import clock, ids
from fhirserver.access.labels import CONFIDENTIALITY
from fhirserver.storage import sessions, users
from fhirserver.storage.database import Database
from fhirserver.storage.grants import Family, add_token, new_secret, start_family
from fhirserver.storage.sessions import Limits
from tests.access.conftest import As, Put

SignedIn = Callable[..., FlaskClient]


@pytest.fixture
def signed_in(app: Flask, database: Database) -> SignedIn:
    """A client of a user who signed in so many minutes ago."""

    def make(role: str, fhir_user: str, *, minutes_ago: int = 0) -> FlaskClient:
        user = users.add(database, f"u-{ids.new()}", fhir_user=fhir_user, roles=[role])
        sessions.start(database, user.id, ["password"])
        (session,) = sessions.sessions_of(database, user.id, Limits(900, 3600))
        database.write(
            "UPDATE access.session SET authenticated = now() - make_interval(mins => %s) "
            "WHERE id::text = %s",
            (minutes_ago, session.id),
        )
        scope = "user/*.cruds"
        family = Family(
            user.name,
            scope,
            clock.now() + timedelta(hours=1),
            user=user.id,
            session=session.id,
        )
        with database.transaction() as connection:
            started = start_family(connection, family)
            token = new_secret()
            add_token(connection, token, started, "access", scope, 600)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return make


def asking(purpose: str = "BTG", reason: str = "unconscious in the emergency room") -> Any:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "purpose", "valueCode": purpose},
            {"name": "reason", "valueString": reason},
        ],
    }


@pytest.fixture
def doctor(put: Put) -> str:
    return f"Practitioner/{put('Practitioner', name=[{'family': 'D'}])['id']}"


@pytest.fixture
def patient(put: Put) -> str:
    return f"Patient/{put('Patient', name=[{'family': 'P'}])['id']}"


def an_observation(put: Put, patient: str, confidentiality: str | None = None) -> str:
    security = [{"system": CONFIDENTIALITY, "code": confidentiality}]
    made = put(
        "Observation",
        status="final",
        code={"text": "pulse"},
        subject={"reference": patient},
        **({"meta": {"security": security}} if confidentiality else {}),
    )
    return f"/fhir/Observation/{made['id']}"


def break_glass(client: FlaskClient, patient: str, body: Any = None) -> Any:
    return client.post(f"/fhir/{patient}/$break-glass", json=body or asking())


def test_a_clinician_sees_the_whole_record_for_an_hour_but_not_what_is_very_restricted(
    put: Put, signed_in: SignedIn, doctor: str, patient: str, database: Database
) -> None:
    plain, restricted, very = (an_observation(put, patient, c) for c in (None, "R", "V"))
    client = signed_in("doctor", doctor)
    assert client.get(plain).status_code == 404

    answer = break_glass(client, patient)

    assert answer.status_code == 200, answer.text
    seen = [client.get(path).status_code for path in (plain, restricted, very)]
    assert seen == [200, 200, 404]
    assert client.get(f"/fhir/{patient}").status_code == 200
    database.write("UPDATE access.care SET ends = now() WHERE kind = 'break-glass'")
    assert client.get(plain).status_code == 404


def test_it_opens_the_record_of_one_patient_to_one_clinician(
    put: Put, signed_in: SignedIn, doctor: str, patient: str
) -> None:
    other = f"Patient/{put('Patient', name=[{'family': 'Q'}])['id']}"
    client = signed_in("doctor", doctor)
    colleague = signed_in("doctor", f"Practitioner/{put('Practitioner')['id']}")
    assert break_glass(client, patient).status_code == 200

    assert client.get(f"/fhir/{other}").status_code == 404
    assert colleague.get(f"/fhir/{patient}").status_code == 404


def test_it_gives_nothing_to_write_and_no_lasting_relationship(
    put: Put, signed_in: SignedIn, doctor: str, patient: str
) -> None:
    client = signed_in("doctor", doctor)
    assert break_glass(client, patient).status_code == 200
    me, them = {"reference": doctor}, {"reference": patient}
    soon = (clock.now() + timedelta(days=1)).isoformat(timespec="seconds")

    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": them,
    }
    appointment = {
        "resourceType": "Appointment",
        "status": "booked",
        "start": soon,
        "end": soon,
        "participant": [{"actor": a, "status": "accepted"} for a in (me, them)],
    }

    assert client.post("/fhir/Observation", json=observation).status_code == 403
    assert client.post("/fhir/Appointment", json=appointment).status_code == 403


def test_patient_and_privacy_officer_are_told_and_a_review_is_asked_for(
    signed_in: SignedIn, as_user: As, doctor: str, patient: str
) -> None:
    client = signed_in("doctor", doctor)
    review = break_glass(client, patient).get_json()["parameter"][1]["valueReference"]["reference"]

    auditor, owner = as_user("auditor"), as_user("patient", patient)

    task = auditor.get(f"/fhir/{review}")
    assert task.status_code == 200, task.text
    assert task.get_json()["for"]["reference"] == patient
    assert task.get_json()["description"] == "unconscious in the emergency room"
    (opened,) = task.get_json()["input"]
    assert opened["type"]["coding"][0]["code"] == "emergency-access"
    times = [datetime.fromisoformat(opened["valuePeriod"][p]) for p in ("start", "end")]
    assert times[1] - times[0] == timedelta(minutes=60)
    for reader in (auditor, owner):
        found = reader.get(f"/fhir/Communication?subject={patient}").get_json()
        assert found["total"] == 1
        assert "opened this record" in found["entry"][0]["resource"]["payload"][0]["contentString"]


def test_who_broke_the_glass_does_not_write_the_review(
    signed_in: SignedIn, doctor: str, patient: str
) -> None:
    client = signed_in("doctor", doctor)
    review = break_glass(client, patient).get_json()["parameter"][1]["valueReference"]["reference"]
    task = client.get(f"/fhir/{review}").get_json()

    answer = client.put(f"/fhir/{review}", json={**task, "status": "completed"})

    assert answer.status_code in (403, 404)


def test_requests_of_that_time_are_on_record_with_their_purpose(
    put: Put, signed_in: SignedIn, client: FlaskClient, doctor: str, patient: str
) -> None:
    observation = an_observation(put, patient).removeprefix("/fhir/")
    clinician = signed_in("nurse", doctor)
    assert break_glass(clinician, patient, asking("ETREAT")).status_code == 200

    assert clinician.get(f"/fhir/{observation}").status_code == 200

    # Reads are written a moment later, by a thread of their own.
    deadline = time.monotonic() + 60
    found = ""
    while "ETREAT" not in found and time.monotonic() < deadline:
        time.sleep(0.1)
        found = client.get(f"/fhir/AuditEvent?entity={observation}&subtype=read").text
    assert "ETREAT" in found


@pytest.mark.parametrize("role", ["reception", "admin", "auditor"])
def test_only_clinicians_may(signed_in: SignedIn, doctor: str, patient: str, role: str) -> None:
    assert break_glass(signed_in(role, doctor), patient).status_code == 403


def test_a_token_of_the_operator_may_not(client: FlaskClient, patient: str) -> None:
    assert break_glass(client, patient).status_code == 403


def test_it_takes_a_sign_in_of_a_moment_ago(
    signed_in: SignedIn, as_user: As, doctor: str, patient: str
) -> None:
    late = break_glass(signed_in("doctor", doctor, minutes_ago=6), patient)

    assert late.status_code == 403
    assert "max_age=300" in late.headers["WWW-Authenticate"]
    assert break_glass(as_user("doctor", doctor), patient).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        asking(purpose="TREAT"),
        asking(reason="   short  "),
        asking(reason="x" * 1001),
        {"resourceType": "Parameters"},
    ],
)
def test_it_takes_a_purpose_and_a_reason(
    signed_in: SignedIn, doctor: str, patient: str, body: Any
) -> None:
    assert break_glass(signed_in("doctor", doctor), patient, body).status_code == 400


def test_of_nobody_there_is_no_record_to_open(signed_in: SignedIn, doctor: str) -> None:
    assert break_glass(signed_in("doctor", doctor), "Patient/nobody").status_code == 404
