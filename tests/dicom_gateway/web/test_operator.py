"""What those who look after interfaces see of images, and decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dicom_gateway.operating.questions import Question, task_of
from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.database import Database
from fhirserver.storage.tokens import issue
from tests.dicom_gateway.web.instances import an_image, body_of, file_of

By = Callable[[str], FlaskClient]


@pytest.fixture
def by(dicom_app: Flask, database: Database) -> By:
    """A client of a new user with this role."""

    def make(role: str) -> FlaskClient:
        user = users.add(database, f"u-{ids.new()}", roles=[role])
        token = issue(
            database, subject=user.name, scope="user/*.cruds", lifetime_seconds=600, user=user.id
        )
        made = dicom_app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return make


@pytest.fixture
def conflict(web: FlaskClient, by: By) -> dict[str, Any]:
    """An instance that came again with other bytes."""
    image = an_image()
    for comment in ("first", "changed meanwhile"):
        image.PatientComments = comment
        body, content_type = body_of([file_of(image)])
        web.post("/dicom-web/studies", data=body, content_type=content_type)
    listed: Any = by("integrator").get("/dicom/conflicts").json
    [found] = [c for c in listed["conflicts"] if c["instance"] == image.SOPInstanceUID]
    return dict(found)


def test_a_conflict_tells_of_both_and_of_no_patient(by: By, conflict: dict[str, Any]) -> None:
    assert conflict["other"]["size"] > conflict["first"]["size"] > 8_000
    assert conflict["isElsewhere"] is False
    assert "ended" not in conflict
    text = by("integrator").get("/dicom/conflicts").text
    assert "Grete" not in text
    assert "P-17" not in text


def test_somebody_decides_once_which_is_shown(
    web: FlaskClient, by: By, conflict: dict[str, Any]
) -> None:
    client = by("integrator")
    address = f"/dicom/conflicts/{conflict['number']}/decide"

    assert client.post(address, json={"shown": "newer"}).status_code == 400
    answer = client.post(address, json={"shown": "other"})
    assert (answer.status_code, answer.json) == (
        200,
        {"number": conflict["number"], "shown": "other"},
    )
    assert client.post(address, json={"shown": "first"}).status_code == 409
    listed: Any = client.get("/dicom/conflicts").json
    assert conflict["number"] not in [c["number"] for c in listed["conflicts"]]
    closed: Any = client.get("/dicom/conflicts?all=true").json
    [ended] = [c for c in closed["conflicts"] if c["number"] == conflict["number"]]
    assert "ended" in ended


def test_senders_say_how_they_stand(web: FlaskClient, by: By) -> None:
    title = ids.new()[-12:].upper()
    endpoint = {
        "resourceType": "Endpoint",
        "status": "active",
        "name": f"CT {title}",
        "connectionType": {
            "system": "https://fhirserver.example/CodeSystem/endpoint-connection-type",
            "code": "dicom-dimse",
        },
        "payloadType": [{"text": "DICOM"}],
        "address": "dicom:",
        "extension": [
            {
                "url": "https://fhirserver.example/StructureDefinition/dicom-peer",
                "extension": [
                    {"url": "ae-title", "valueString": title},
                    {"url": "may", "valueCode": "store"},
                ],
            }
        ],
    }
    made = web.post("/fhir/Endpoint", json=endpoint)
    assert made.status_code == 201, made.text

    listed: Any = by("integrator").get("/dicom/senders").json
    [mine] = [s for s in listed["senders"] if s["id"] == made.get_json()["id"]]
    assert (mine["name"], mine["aeTitle"], mine["isEntered"]) == (f"CT {title}", title, True)
    assert (mine["lastHour"], mine["conflicts"]) == (0, 0)
    assert (mine["isBound"], mine["hasPatientSystem"]) == (False, False)


@pytest.mark.parametrize("role", ["radiologist", "doctor", "reception", "patient"])
def test_nobody_else_looks(by: By, role: str) -> None:
    client = by(role)

    for path in ("senders", "conflicts", "questions"):
        assert client.get(f"/dicom/{path}").status_code == 403, path
    assert client.post("/dicom/conflicts/1/decide", json={"shown": "first"}).status_code == 403


def test_why_a_study_is_nobodys_is_told_without_whom_it_shows(web: FlaskClient, by: By) -> None:
    image = an_image()
    body, content_type = body_of([file_of(image)])
    web.post("/dicom-web/studies", data=body, content_type=content_type)
    candidate = web.post("/fhir/Patient", json={"resourceType": "Patient"}).get_json()["id"]
    study = web.post(
        "/fhir/ImagingStudy",
        json={
            "resourceType": "ImagingStudy",
            "status": "available",
            "subject": {"display": "Müller^Grete"},
        },
    ).get_json()["id"]
    reference = {"reference": f"ImagingStudy/{study}"}
    task = task_of(Question(image.StudyInstanceUID, reference, ["no-system"], [candidate]))
    assert web.put(f"/fhir/Task/{task['id']}", json=task).status_code == 201

    answer = by("integrator").get("/dicom/questions")

    listed: Any = answer.json
    [mine] = [q for q in listed["questions"] if q["id"] == task["id"]]
    assert (mine["study"], mine["imagingStudy"]) == (
        image.StudyInstanceUID,
        f"ImagingStudy/{study}",
    )
    assert mine["reasons"][0]["code"] == "no-system"
    assert "sender" in mine
    assert candidate not in answer.text
    assert "Grete" not in answer.text
