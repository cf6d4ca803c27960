"""Codes that nobody knows, as the operator sees and answers them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids, queues
from fhirserver.app import open_engine
from fhirserver.messages import TOPIC, Messages
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.intake import Directory
from hl7v2_gateway.operating.answering import Answering
from hl7v2_gateway.operating.converting import Converter
from tests.conftest import MakeApp, Token
from tests.hl7v2_gateway.v2 import a_message


@pytest.fixture(scope="module")
def app(make_app: MakeApp) -> Flask:
    return make_app(hl7v2_unknown_senders="accept")


@pytest.fixture
def client(app: Flask, token: Token) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return made


@pytest.fixture
def asked(
    client: FlaskClient, database: Database, database_url: str, messages: Messages
) -> dict[str, Any]:
    """A question that two messages raised."""
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    application = ids.new()[-10:]
    for _ in range(2):
        raw = a_message(application=application, patient=ids.new())
        raw = raw.replace(b"|19700101|F", b"|19700101|Q")
        answer = client.post("/hl7v2", data=raw, content_type="application/hl7-v2")
        assert answer.status_code == 200
    engine = open_engine(Settings(database_url=database_url), database)
    answering = Answering(engine, messages)
    converter = Converter(engine, messages, Directory(messages.partners), answering)
    deadline = time.monotonic() + 60
    while database.read("SELECT 1 FROM queue.item WHERE topic = %s LIMIT 1", (TOPIC,)):
        queues.work(database, TOPIC, converter.act, seconds=5)
        assert time.monotonic() < deadline
    [found] = listed(client, application)
    return found


def listed(client: FlaskClient, application: str, **more: str) -> list[dict[str, Any]]:
    query = {"sender": f"open-{application}-WEST", **more}
    answer = client.get("/hl7v2/codes", query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["codes"])  # type: ignore[index]


def test_a_question_says_how_often_and_where_its_code_was_met(asked: dict[str, Any]) -> None:
    assert (asked["code"], asked["count"], asked["positions"]) == ("Q", 2, ["PID-8"])
    assert asked["allowed"] == ["female", "male", "other", "unknown"]
    assert {"first", "last", "newest"} <= asked.keys()


def test_an_answer_closes_its_question(client: FlaskClient, asked: dict[str, Any]) -> None:
    application = asked["sender"].split("-")[1]
    answer = client.post(f"/hl7v2/codes/{asked['id']}/answer", json={"code": "other"})

    assert (answer.status_code, answer.json) == (200, {"id": asked["id"], "status": "completed"})
    assert listed(client, application) == []
    [found] = listed(client, application, state="answered")
    assert found["answer"]["code"] == "other"


def test_an_answer_that_fhir_does_not_allow_is_refused(
    client: FlaskClient, asked: dict[str, Any]
) -> None:
    address = f"/hl7v2/codes/{asked['id']}/answer"

    assert client.post(address, json={"code": "woman"}).status_code == 422
    assert client.post(address, json={"kode": "other"}).status_code == 400
    assert client.post("/hl7v2/codes/none/answer", json={"code": "other"}).status_code == 404


def test_only_operators_answer(app: Flask, token: Token, asked: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {token('system/Task.cruds')}"}
    client = app.test_client()

    assert client.get("/hl7v2/codes", headers=headers).status_code == 403
    address = f"/hl7v2/codes/{asked['id']}/answer"
    assert client.post(address, json={"code": "other"}, headers=headers).status_code == 403
