"""From a message with a code that nobody knows to its answer, as `fhirserver worker` does it all."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids, queues
from fhirserver.app import open_engine
from fhirserver.reactions.running import Running
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.reactions import answering, converting
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


def until(look: Any) -> Any:
    ends = time.monotonic() + 120
    while not (found := look()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return found


def test_an_answer_reaches_the_patient(
    client: FlaskClient, database: Database, database_url: str
) -> None:
    settings = Settings(database_url=database_url, hl7v2_unknown_senders="accept")
    engine = open_engine(settings, database)
    running = Running(database, [answering.reaction(engine), converting.reaction(engine)])
    running.start()
    try:
        application, mrn = ids.new()[-10:], ids.new()
        raw = a_message(application=application, patient=mrn)
        raw = raw.replace(b"|19700101|F", b"|19700101|7")
        client.post("/hl7v2", data=raw, content_type="application/hl7-v2")

        def asked() -> Any:
            query = {"sender": f"open-{application}-WEST"}
            told: Any = client.get("/hl7v2/codes", query_string=query).json
            return told["codes"]

        [question] = until(asked)
        answer = client.post(f"/hl7v2/codes/{question['id']}/answer", json={"code": "other"})
        assert answer.status_code == 200

        def gender() -> Any:
            found: Any = client.get("/fhir/Patient", query_string={"identifier": mrn}).json
            return found["entry"][0]["resource"].get("gender")

        assert until(gender) == "other"
    finally:
        running.stop()
        queues.forget(database, answering.TOPIC)
        database.write("DELETE FROM queue.item WHERE topic = %s", (answering.TOPIC,))
