"""Overlays over the mapping tables: entered without code, tried out before, versioned."""

from __future__ import annotations

import time
from collections.abc import Callable
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
from tests.hl7v2_gateway.v2 import a_message, a_sender, member

JSON = dict[str, Any]
TRIBE = {"maps": {"PID[Patient]": {"add": [["PID-39", "@tribe.valueString", "CWE[string]"]]}}}
OWN = {
    "slots": {"ZPI": [["Patient[1]", "ZPI[Patient]", ""]]},
    "maps": {"ZPI[Patient]": {"add": [["ZPI-1", "@badge.valueString", "ST[string]"]]}},
}


@pytest.fixture(scope="module")
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask, token: Token) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return made


@pytest.fixture
def converter(database: Database, database_url: str, messages: Messages) -> Converter:
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    engine = open_engine(Settings(database_url=database_url), database)
    return Converter(engine, messages, Directory(messages.partners), Answering(engine, messages))


@pytest.fixture
def convert(database: Database, converter: Converter) -> Callable[[], None]:
    def act() -> None:
        deadline = time.monotonic() + 60
        while database.read("SELECT 1 FROM queue.item WHERE topic = %s LIMIT 1", (TOPIC,)):
            queues.work(database, TOPIC, converter.act, seconds=2)
            assert time.monotonic() < deadline

    return act


def enter_sender(client: FlaskClient, application: str, *overlays: str) -> str:
    id_ = f"s-{application}"
    named = [member("overlay", o) for o in overlays]
    sender = a_sender(id_, member("application", application), *named)
    answer = client.put(f"/fhir/Endpoint/{id_}", json=sender)
    assert answer.status_code in {200, 201}, answer.text
    return id_


def post(client: FlaskClient, application: str, more: str) -> int:
    control = ids.new()[-20:]
    raw = a_message(application=application, patient=ids.new(), control=control, more=more)
    raw = raw.replace(b"|19700101|F\r", b"|19700101|F" + b"|" * 31 + b"NAV^Navajo\r")
    deadline = time.monotonic() + 60
    # The sender was entered just now, and what is known of senders may be half a second old.
    while client.post("/hl7v2", data=raw, content_type="application/hl7-v2").status_code != 200:
        assert time.monotonic() < deadline
    listed = client.get(
        "/hl7v2/messages", query_string={"control": control, "state": "waiting"}
    ).json
    assert listed is not None
    return int(listed["messages"][0]["id"])


def shown(client: FlaskClient, number: int) -> JSON:
    answer = client.get(f"/hl7v2/messages/{number}")
    assert answer.json is not None
    return dict(answer.json)


def a_name() -> str:
    return f"o{ids.new()[-12:].replace('-', '')}"


def test_a_trial_says_what_would_change_and_writes_nothing(
    client: FlaskClient, convert: Callable[[], None]
) -> None:
    application = ids.new()[-10:]
    sender = enter_sender(client, application)
    numbers = [post(client, application, "ZPI|4711\r") for _ in range(2)]
    convert()
    answer = client.post(
        f"/hl7v2/overlays/{a_name()}/trial", json={"sender": sender, "overlay": OWN, "messages": 5}
    )

    assert answer.status_code == 200, answer.text
    told: JSON = answer.json  # type: ignore[assignment]
    assert (told["looked"], told["unchanged"]) == (2, 0)
    change = told["changes"][0]
    assert change["message"] == numbers[1]
    assert [r["changed"] for r in change["resources"]] == ["Patient"]
    assert "4711" in str(change["resources"][0]["patch"])
    assert change["unmapped"]["less"] == ["ZPI-1"]
    assert shown(client, numbers[0])["report"]["unmapped"].count("ZPI-1") == 1


def test_an_overlay_is_entered_used_and_versioned(
    client: FlaskClient, convert: Callable[[], None]
) -> None:
    application, name = ids.new()[-10:], a_name()
    first = client.put(f"/hl7v2/overlays/{name}", json=TRIBE)
    assert (first.status_code, first.json["version"]) == (200, "1")  # type: ignore[index]
    sender = enter_sender(client, application, name)
    number = post(client, application, "ZPI|4711\r")
    convert()
    assert shown(client, number)["report"]["overlays"] == [{"name": name, "version": "1"}]
    assert "ZPI-1" in shown(client, number)["report"]["unmapped"]

    second = client.put(f"/hl7v2/overlays/{name}", json={**TRIBE, **OWN})
    assert second.json["version"] == "2"  # type: ignore[index]
    told = client.get(f"/hl7v2/overlays/{name}").json
    assert told is not None
    assert told["overlay"]["slots"] == OWN["slots"]
    listed = client.get("/hl7v2/overlays").json["overlays"]  # type: ignore[index]
    [mine] = [o for o in listed if o["name"] == name]
    assert (mine["version"], mine["senders"]) == ("2", [sender])


@pytest.mark.parametrize(
    ("overlay", "why"),
    [
        ({"map": {}}, "map is none of"),
        ({"maps": {"PID": {"add": []}}}, "its name is such as"),
        ({"maps": {"PID[Patient]": {"add": [["PID-39", "nothing", "ST[string]"]]}}}, "nothing"),
        ({"maps": {"PID[Patient]": {"add": [["PID-39"]]}}}, "ValueError"),
        ({"maps": {"PID[Patient]": {"drop": {"999": "no"}}}}, "there is no row 999"),
        ({"maps": {"PID[Patient]": {"code": "import os"}}}, "something else than"),
        ({"slots": {"ZPI": [["Patient[1]"]]}}, "slots"),
        ({"codes": {"AdministrativeSex": {"W": "female"}}}, "form"),
    ],
)
def test_an_overlay_that_can_not_be_applied_is_refused(
    client: FlaskClient, overlay: JSON, why: str
) -> None:
    answer = client.put(f"/hl7v2/overlays/{a_name()}", json=overlay)

    assert answer.status_code == 422
    assert why in answer.text


def test_messages_wait_for_an_overlay_that_is_not_there(
    client: FlaskClient, database: Database, converter: Converter, messages: Messages
) -> None:
    application, name = ids.new()[-10:], a_name()
    enter_sender(client, application, name)
    number = post(client, application, "")
    queues.work(database, TOPIC, converter.act, seconds=60)

    found = messages.find(number)
    assert found is not None
    assert found.head.state == "waiting"
    [reason] = database.read("SELECT reason FROM queue.item WHERE topic = %s", (TOPIC,))
    assert name in reason[0]
    client.put(f"/hl7v2/overlays/{name}", json={"codes": {"AdministrativeSex": {"F": ["other"]}}})
    database.write("UPDATE queue.item SET due = now() WHERE topic = %s", (TOPIC,))
    queues.work(database, TOPIC, converter.act, seconds=60)
    found = messages.find(number)
    assert found is not None
    assert found.head.state == "done"


def test_only_operators_enter_overlays(app: Flask, token: Token) -> None:
    headers = {"Authorization": f"Bearer {token('system/Library.cruds')}"}

    answer = app.test_client().put("/hl7v2/overlays/x", json=OWN, headers=headers)
    assert answer.status_code == 403
