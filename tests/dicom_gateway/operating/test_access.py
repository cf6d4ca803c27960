"""Who may say whose images they are, and who sees them until then: over HTTP, with roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dicom_gateway.operating.questions import answered, task_id
from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.database import Database
from fhirserver.storage.tokens import issue
from tests.dicom_gateway.operating.scanner import Scanner

By = Callable[[str], FlaskClient]


@pytest.fixture
def by(app: Flask, database: Database) -> By:
    """A client of a new user with this role."""

    def make(role: str) -> FlaskClient:
        user = users.add(database, f"u-{ids.new()}", roles=[role])
        token = issue(
            database, subject=user.name, scope="user/*.cruds", lifetime_seconds=600, user=user.id
        )
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return make


def answer(client: FlaskClient, scanner: Scanner, patient: str) -> int:
    task = scanner.task()
    assert task is not None
    body = answered(task, patient)
    return client.put(f"/fhir/Task/{task['id']}", json=body).status_code


def test_the_reception_answers(scanner: Scanner, by: By) -> None:
    jane = scanner.patient(mrn="another")
    scanner.send()
    scanner.settle()

    assert answer(by("reception"), scanner, jane["id"]) == 200

    scanner.react()
    assert scanner.is_of(jane)


def test_radiologists_answer_with_patients_whose_records_they_may_see(
    scanner: Scanner, by: By
) -> None:
    other = scanner.patient(mrn="another")
    scanner.send()
    scanner.settle()
    radiologist = by("radiologist")
    assert answer(radiologist, scanner, other["id"]) == 403
    task = scanner.task()
    assert task is not None

    noted = {**task, "status": "accepted", "note": [{"text": "I ask the technologist"}]}
    done = radiologist.put(f"/fhir/Task/{task['id']}", json=noted)

    assert done.status_code == 200
    assert scanner.reasons() == ["unknown-patient"]


@pytest.mark.parametrize("role", ["doctor", "nurse", "labtech", "pharmacist"])
def test_nobody_else_may(scanner: Scanner, by: By, role: str) -> None:
    jane = scanner.patient(mrn="another")
    scanner.send()
    scanner.settle()

    assert answer(by(role), scanner, jane["id"]) in {403, 404}

    scanner.react()
    assert scanner.is_nobodys()


def test_a_doctor_cannot_make_such_a_task_with_its_answer(scanner: Scanner, by: By) -> None:
    jane = scanner.patient(mrn="another")
    scanner.send()
    scanner.settle()
    task = scanner.task()
    assert task is not None

    forged = answered({k: v for k, v in task.items() if k not in {"id", "meta"}}, jane["id"])

    assert by("doctor").post("/fhir/Task", json=forged).status_code == 403


def test_a_task_that_only_has_the_id_answers_nothing(scanner: Scanner) -> None:
    jane = scanner.patient(mrn="another")
    other = {"resourceType": "Task", "id": task_id(scanner.study), "intent": "order"}
    scanner.update(answered({**other, "status": "requested"}, jane["id"]))

    scanner.send()
    scanner.settle()
    scanner.react()

    assert scanner.is_nobodys()
    assert scanner.reasons() == ["unknown-patient"]


def test_radiologists_see_what_is_nobodys_and_others_do_not(scanner: Scanner, by: By) -> None:
    scanner.send()
    scanner.settle()
    address = f"/fhir/ImagingStudy/{scanner.imaging_study()['id']}"

    assert by("radiologist").get(address).status_code == 200
    for role in ("doctor", "nurse", "reception", "labtech"):
        assert by(role).get(address).status_code in {403, 404}
