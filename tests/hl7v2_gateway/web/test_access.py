"""Who looks after interfaces: integrators, without being administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.messages import Messages
from fhirserver.storage import users
from fhirserver.storage.database import Database
from fhirserver.storage.tokens import issue
from hl7v2_gateway.operating.questions import Answer, Question, answered, task_of
from tests.conftest import MakeApp, Token
from tests.hl7v2_gateway.v2 import a_message, a_sender, member

GENDERS = "http://hl7.org/fhir/administrative-gender"
READS = ["senders", "lanes", "messages", "codes", "overlays", "receivers", "sent"]
By = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def app(make_app: MakeApp) -> Flask:
    return make_app(hl7v2_unknown_senders="accept")


@pytest.fixture
def by(app: Flask, database: Database) -> By:
    """A client of a new user with this role."""

    def make(role: str, scope: str = "user/*.cruds") -> FlaskClient:
        user = users.add(database, f"u-{ids.new()}", roles=[role])
        token = issue(database, subject=user.name, scope=scope, lifetime_seconds=600, user=user.id)
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return make


@pytest.fixture
def system(app: Flask, token: Token) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return made


@pytest.fixture
def number(system: FlaskClient, messages: Messages) -> int:
    control = ids.new()[-20:]
    raw = a_message(control=control, application=ids.new()[-10:], patient=ids.new())
    assert system.post("/hl7v2", data=raw, content_type="application/hl7-v2").status_code == 200
    listed: Any = system.get("/hl7v2/messages", query_string={"control": control}).json
    return int(listed["messages"][0]["id"])


@pytest.mark.parametrize("role", ["integrator", "admin"])
def test_integrators_and_administrators_look_after_interfaces(
    by: By, number: int, role: str
) -> None:
    client = by(role)

    for path in READS:
        assert client.get(f"/hl7v2/{path}").status_code == 200, path
    assert client.get(f"/hl7v2/messages/{number}").status_code == 200
    assert client.get(f"/hl7v2/messages/{number}/fields").status_code == 200
    dry = client.post("/hl7v2/replays", json={"sender": "open-none", "isDryRun": True})
    assert dry.status_code == 200
    discard = client.post(f"/hl7v2/messages/{number}/discard", json={"reason": "test"})
    assert discard.status_code == 200


@pytest.mark.parametrize(
    "role", ["doctor", "nurse", "labtech", "radiologist", "pharmacist", "reception", "patient"]
)
def test_nobody_else_does(by: By, number: int, role: str) -> None:
    client = by(role)

    for path in (*READS, f"messages/{number}", f"messages/{number}/fields"):
        assert client.get(f"/hl7v2/{path}").status_code == 403, path
    assert client.post("/hl7v2/replays", json={"messages": [number]}).status_code == 403
    assert client.post(f"/hl7v2/messages/{number}/discard", json={}).status_code == 403


def test_an_integrator_needs_a_token_for_it(by: By, number: int) -> None:
    del number
    client = by("integrator")
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer none"
    assert client.get("/hl7v2/messages").status_code == 401


def test_an_integrator_is_no_administrator_and_sees_no_patients(by: By) -> None:
    client = by("integrator")

    assert client.get("/admin/users").status_code == 403
    for path in ("Patient", "Observation", "Encounter"):
        assert client.get(f"/fhir/{path}").status_code == 403


def test_an_integrator_enters_senders_and_maps(by: By) -> None:
    client = by("integrator")
    sender = a_sender(f"s-{ids.new()[-10:]}", member("application", "NEW"))

    assert client.post("/fhir/Endpoint", json=sender).status_code == 201
    overlay = {"codes": {"AdministrativeSex": {"W": ["female"]}}}
    assert client.put(f"/hl7v2/overlays/o{ids.new()[-8:]}", json=overlay).status_code == 200


def a_question(system: FlaskClient) -> Question:
    question = Question(
        f"s-{ids.new()[-8:]}", "AdministrativeSex", "W", allowed={"female": GENDERS}
    )
    task = task_of(question)
    assert system.put(f"/fhir/Task/{task['id']}", json=task).status_code == 201
    return question


def test_a_question_is_answered_by_an_integrator_over_fhir(by: By, system: FlaskClient) -> None:
    question = a_question(system)
    client = by("integrator")
    task: Any = client.get(f"/fhir/Task/{question.id}").json
    body = answered(task, Answer(question, GENDERS, "female"))

    assert client.put(f"/fhir/Task/{question.id}", json=body).status_code == 200
    changed = {**body, "description": "something else"}
    assert client.put(f"/fhir/Task/{question.id}", json=changed).status_code in {403, 422}


@pytest.mark.parametrize(
    "role", ["doctor", "nurse", "labtech", "radiologist", "pharmacist", "reception"]
)
def test_nobody_else_answers_or_makes_questions_up(by: By, system: FlaskClient, role: str) -> None:
    question = a_question(system)
    client = by(role)
    forged = Question("forged", "AdministrativeSex", ids.new()[-8:], allowed={"female": GENDERS})
    me = {"requester": {"display": "me"}}

    for asked in (question, forged):
        body = {**answered(task_of(asked), Answer(asked, GENDERS, "female")), **me}
        assert client.put(f"/fhir/Task/{asked.id}", json=body).status_code in {403, 404}


def test_a_dry_run_tells_an_integrator_where_but_not_what(
    by: By, system: FlaskClient, number: int, messages: Messages
) -> None:
    message = messages.find(number)
    assert message is not None
    system_value = {"system": "urn:id:WEST", "value": ""}
    mrn = message.raw.decode().split("PID|1||")[1].split("^")[0]
    patient = {
        "resourceType": "Patient",
        "identifier": [{**system_value, "value": mrn}],
        "name": [{"family": "Secret"}],
    }
    assert system.post("/fhir/Patient", json=patient).status_code == 201
    messages.end(number, "done")
    answers = [
        client.post("/hl7v2/replays", json={"messages": [number], "isDryRun": True})
        for client in (system, by("integrator"))
    ]

    full, told = (
        next(c for c in a.json["previews"][0]["changes"] if "update" in c)  # type: ignore[index]
        for a in answers
    )
    assert "Jane" in str(full["patch"])
    assert any("name" in place for place in told["elements"])
    assert "patch" not in told
    assert "Jane" not in str(told)
