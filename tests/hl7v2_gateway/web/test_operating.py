"""What the operator of the interfaces sees and does, and messages by HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from fhirserver import ids, queues
from fhirserver.app import open_engine
from fhirserver.messages import TOPIC, Messages
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.er7 import parse
from hl7v2_gateway.intake import Directory
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.mapped import made_of
from tests.conftest import MakeApp, Token
from tests.hl7v2_gateway.v2 import a_message, a_sender, member

JSON = dict[str, Any]


@pytest.fixture(scope="module")
def app(make_app: MakeApp) -> Flask:
    return make_app(hl7v2_unknown_senders="accept")


@pytest.fixture
def client(app: Flask, token: Token) -> FlaskClient:
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return made


@pytest.fixture
def convert(
    database: Database, database_url: str, messages: Messages
) -> Iterator[Callable[[], None]]:
    """Converts what waits."""
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    engine = open_engine(Settings(database_url=database_url), database)
    converter = Converter(engine, messages, Directory(messages.partners), made_of)

    def act() -> None:
        deadline = time.monotonic() + 60
        sql = "SELECT 1 FROM queue.item WHERE topic = %s LIMIT 1"
        while database.read(sql, (TOPIC,)):
            queues.work(database, TOPIC, converter.act, seconds=5)
            assert time.monotonic() < deadline

    yield act
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))


def post(client: FlaskClient, raw: bytes, **more: Any) -> Any:
    return client.post("/hl7v2", data=raw, content_type="application/hl7-v2", **more)


def an_application() -> str:
    return ids.new()[-12:]


def only(client: FlaskClient, **query: str) -> JSON:
    answer = client.get("/hl7v2/messages", query_string=query)
    assert answer.status_code == 200, answer.text
    [found] = answer.json["messages"]  # type: ignore[index]
    return dict(found)


def test_a_message_by_http_is_kept_and_acknowledged(client: FlaskClient) -> None:
    control = ids.new()[-20:]
    answer = post(client, a_message(control=control))

    assert (answer.status_code, answer.mimetype) == (200, "application/hl7-v2")
    assert parse(answer.data).value("MSA-2") == control
    assert only(client, control=control)["state"] == "waiting"
    assert post(client, a_message(version="9.9")).status_code == 400


def test_a_batch_by_http_is_answered_by_a_batch(client: FlaskClient) -> None:
    batch = b"FHS|^~\\&\rBHS|^~\\&\r" + a_message() + a_message(version="9.9") + b"BTS|2\rFTS|1\r"
    answer = post(client, batch)

    assert answer.status_code == 200
    assert [answer.data.count(code) for code in (b"MSA|AA|", b"MSA|AR|", b"BTS|2")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("system/MessageHeader.c", 200),
        ("system/MessageHeader.r", 403),
        ("system/Patient.cruds", 403),
    ],
)
def test_who_may_send_is_said_by_a_scope(app: Flask, token: Token, scope: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {token(scope)}"}

    assert post(app.test_client(), a_message(), headers=headers).status_code == status


def test_nobody_sends_without_a_token(app: Flask) -> None:
    assert post(app.test_client(), a_message()).status_code == 401


@pytest.mark.parametrize("path", ["senders", "lanes", "messages", "messages/1"])
def test_only_operators_look(app: Flask, token: Token, path: str) -> None:
    headers = {"Authorization": f"Bearer {token('system/MessageHeader.c')}"}

    assert app.test_client().get(f"/hl7v2/{path}", headers=headers).status_code == 403


def test_a_message_is_found_by_what_is_known_of_it(client: FlaskClient) -> None:
    application, control, patient = an_application(), ids.new()[-20:], ids.new()
    sender = f"open-{application}-WEST"
    post(client, a_message(application=application, control=control, patient=patient))
    post(client, a_message("ORU^R01", application=application))

    number = only(client, control=control)["id"]
    for query in (
        {"sender": sender, "event": "ADT"},
        {"sender": sender, "event": "ADT^A01", "state": "waiting"},
        {"sender": sender, "patient": patient},
        {"sender": sender, "content": patient},
        {"sender": sender, "to": str(number)},
    ):
        assert only(client, **query)["id"] == number


@pytest.mark.parametrize(
    "query", [{"state": "lost"}, {"since": "yesterday"}, {"since": "2026-01-01"}, {"from": "x"}]
)
def test_what_can_not_be_asked_is_told(client: FlaskClient, query: dict[str, str]) -> None:
    assert client.get("/hl7v2/messages", query_string=query).status_code == 400


def test_a_message_is_shown_with_what_was_made_of_it_and_that_is_on_record(
    client: FlaskClient, convert: Callable[[], None], database: Database
) -> None:
    control = ids.new()[-20:]
    post(client, a_message(control=control))
    convert()
    number = only(client, control=control)["id"]

    shown: JSON = client.get(f"/hl7v2/messages/{number}").json  # type: ignore[assignment]

    assert shown["state"] == "done"
    assert shown["text"].splitlines()[2].startswith("PID|1||4711")
    assert f"MSA|AA|{control}" in shown["answer"]
    assert {r.partition("/")[0] for r in shown["resources"]} >= {"Patient", "Encounter"}
    assert isinstance(shown["report"]["unmapped"], list)
    assert client.get("/hl7v2/messages/999999999").status_code == 404
    [patient] = [r for r in shown["resources"] if r.startswith("Patient/")]
    looked = {"patient": patient, "subtype": "admin-hl7v2-message-text,hl7v2-message-text"}
    for _ in range(200):
        found: JSON = client.get("/fhir/AuditEvent", query_string=looked).json  # type: ignore[assignment]
        if found.get("entry"):
            break
        time.sleep(0.05)
    [entry] = found["entry"]
    whose = [e["what"].get("reference") for e in entry["resource"]["entity"]]
    assert patient in whose


def test_senders_and_lanes_say_how_they_stand(
    client: FlaskClient, convert: Callable[[], None]
) -> None:
    application = an_application()
    post(client, a_message(application=application))
    post(client, a_message(application=application))

    senders: JSON = client.get("/hl7v2/senders").json  # type: ignore[assignment]
    lanes: JSON = client.get("/hl7v2/lanes").json  # type: ignore[assignment]

    mine = next(s for s in senders["senders"] if s["id"] == f"open-{application}-WEST")
    assert (mine["waiting"], mine["dead"], mine["isEntered"]) == (2, 0, False)
    assert (mine["heldUp"], mine["lastHour"]) == (0, 2)
    [lane] = [lane for lane in lanes["lanes"] if lane["sender"] == mine["id"]]
    assert lane["depth"] == 2


def test_what_came_more_than_an_hour_ago_is_not_of_the_last_hour(
    client: FlaskClient, convert: Callable[[], None], database: Database
) -> None:
    application = an_application()
    for _ in range(3):
        post(client, a_message(application=application))
    sender = f"open-{application}-WEST"
    database.write(
        "UPDATE hl7v2.message SET received = now() - interval '2 hours' WHERE id <= "
        "(SELECT id FROM hl7v2.message WHERE sender = %s ORDER BY id LIMIT 1)",
        (sender,),
    )

    senders: JSON = client.get("/hl7v2/senders").json  # type: ignore[assignment]
    mine = next(s for s in senders["senders"] if s["id"] == sender)
    assert mine["lastHour"] == 2


def test_a_dry_run_says_what_would_change_and_a_replay_changes_it(
    client: FlaskClient, convert: Callable[[], None]
) -> None:
    control, patient = ids.new()[-20:], ids.new()
    post(client, a_message(control=control, patient=patient))
    convert()
    number = only(client, control=control)["id"]
    query = {"identifier": f"urn:id:WEST|{patient}"}
    bundle: JSON = client.get("/fhir/Patient", query_string=query).json  # type: ignore[assignment]
    [entry] = bundle["entry"]
    changed = {**entry["resource"], "gender": "male"}
    client.put(f"/fhir/Patient/{changed['id']}", json=changed)

    answer: JSON = client.post(  # type: ignore[assignment]
        "/hl7v2/replays", json={"messages": [number], "isDryRun": True}
    ).json
    [preview] = answer["previews"]
    [change] = preview["changes"]
    assert change["update"] == f"Patient/{changed['id']}"
    paths = [
        p["valueString"]
        for o in change["patch"]["parameter"]
        for p in o["part"]
        if p["name"] == "path"
    ]
    assert paths == ["Patient.gender"]

    done: JSON = client.post("/hl7v2/replays", json={"messages": [number]}).json  # type: ignore[assignment]
    convert()
    now: JSON = client.get(f"/fhir/Patient/{changed['id']}").json  # type: ignore[assignment]
    assert done["replayed"] == [number]
    assert now["gender"] == "female"


def test_all_messages_of_a_sender_are_replayed_in_their_order(
    client: FlaskClient, convert: Callable[[], None], database: Database
) -> None:
    application = an_application()
    for _ in range(3):
        post(client, a_message("ADT^A08", application=application))
    convert()

    sender = f"open-{application}-WEST"
    done: JSON = client.post("/hl7v2/replays", json={"sender": sender}).json  # type: ignore[assignment]
    rows = database.read(
        "SELECT (content->>'message')::int8 FROM queue.item WHERE topic = %s ORDER BY id", (TOPIC,)
    )
    assert [r[0] for r in rows] == done["replayed"] == sorted(done["replayed"])
    assert len(rows) == 3


def test_an_edited_copy_takes_the_place_of_a_dead_message(
    client: FlaskClient, convert: Callable[[], None], messages: Messages
) -> None:
    control = ids.new()[-20:]
    post(client, a_message(control=control))
    number = only(client, control=control)["id"]
    messages.end(number, "dead", reason="207 for the test")
    text = client.get(f"/hl7v2/messages/{number}").json["text"]  # type: ignore[index]

    answer = client.post(
        f"/hl7v2/messages/{number}/copies", json={"text": text.replace("Doe", "Roe")}
    )
    convert()

    assert answer.status_code == 201, answer.text
    copy: JSON = client.get(f"/hl7v2/messages/{answer.json['id']}").json  # type: ignore[index,assignment]
    assert (copy["state"], copy["copyOf"]) == ("done", number)
    assert "Roe^Jane" in copy["text"]
    assert client.get(f"/hl7v2/messages/{number}").json["state"] == "discarded"  # type: ignore[index]


def test_a_message_that_waits_can_be_discarded_but_not_replayed(
    client: FlaskClient, convert: Callable[[], None]
) -> None:
    control = ids.new()[-20:]
    post(client, a_message(control=control))
    number = only(client, control=control)["id"]

    assert client.post("/hl7v2/replays", json={"messages": [number]}).status_code == 409
    path = f"/hl7v2/messages/{number}/discard"
    assert client.post(path, json={"reason": "a mistake"}).status_code == 200
    convert()
    shown = only(client, control=control)
    assert (shown["state"], shown["reason"]) == ("discarded", "a mistake")
    assert client.post(path, json={"reason": "a mistake"}).status_code == 409


def test_a_client_that_a_sender_is_bound_to_is_the_only_one_that_sends_for_it(
    client: FlaskClient,
) -> None:
    application = an_application()
    endpoint = a_sender("bound", member("application", application), member("client", "other"))
    made = client.post(
        "/fhir/Endpoint",
        json={k: v for k, v in endpoint.items() if k != "id"}
        | {"meta": {"profile": ["https://fhirserver.example/StructureDefinition/hl7v2-partner"]}},
    )
    assert made.status_code == 201, made.text

    assert post(client, a_message(application=application)).status_code == 200
    sent = only(client, sender=f"open-{application}-WEST")
    assert sent["state"] == "waiting"


def test_the_addresses_are_described(app: Flask) -> None:
    document: Any = app.test_client().get("/hl7v2/openapi.json").json

    validate(document)
    known = {re.sub("<(int:)?(.*?)>", r"{\2}", r.rule) for r in app.url_map.iter_rules()}
    assert set(document["paths"]) == {
        path for path in known if path.startswith("/hl7v2") and not path.endswith("openapi.json")
    }


def test_how_a_sender_stands_is_a_metric(client: FlaskClient, convert: Callable[[], None]) -> None:
    application = an_application()
    post(client, a_message(application=application))

    text = client.get("/metrics").text

    assert f'fhirserver_hl7v2_waiting{{sender="open-{application}-WEST"}} 1.0' in text
    assert f'fhirserver_hl7v2_dead{{sender="open-{application}-WEST"}} 0.0' in text


def test_a_message_is_shown_beside_what_it_made_field_by_field(
    client: FlaskClient, convert: Callable[[], None]
) -> None:
    application, control = an_application(), ids.new()[-20:]
    more = "NK1|1|Doe^Bob|SPO\rNK1|2|Doe^Dan|FTH\rZXX|1|left\r"
    raw = a_message(application=application, control=control, patient=ids.new(), more=more)
    post(client, raw)
    convert()
    number = only(client, control=control)["id"]
    answer: Any = client.get(f"/hl7v2/messages/{number}/fields").json

    fields = {f["position"]: f for f in answer["fields"]}
    assert fields["PID-5"]["value"] == "Doe^Jane"
    assert fields["PID-5"]["name"] == "PATIENT_NAME"
    [name] = [m for m in fields["PID-5"]["made"] if m["element"] == "name[1]"]
    assert name["resource"].startswith("Patient/")
    assert answer["resources"][name["resource"]]["name"] == [{"family": "Doe", "given": ["Jane"]}]
    [first], [second] = (
        [m["resource"] for m in fields[p]["made"] if m["element"] == "name[1]"]
        for p in ("NK1-2", "NK1[2]-2")
    )
    assert first != second
    assert answer["resources"][second]["name"][0]["given"] == ["Dan"]
    assert fields["ZXX-2"] == {
        "position": "ZXX-2", "value": "left", "made": [], "unmapped": ["ZXX-2"],
    }  # fmt: skip


def test_a_sender_with_a_dead_message_says_so_in_the_metrics(
    client: FlaskClient, database: Database
) -> None:
    application, control = an_application(), ids.new()[-20:]
    post(client, a_message(application=application, control=control))
    number = only(client, control=control)["id"]
    database.write(
        "UPDATE hl7v2.message SET state = 'dead', ended = now(), reason = 'x' WHERE id = %s",
        (number,),
    )

    text = client.get("/metrics").text
    sender = f'sender="open-{application}-WEST"'
    assert f"fhirserver_hl7v2_dead{{{sender}}} 1.0" in text
    assert f"fhirserver_hl7v2_error_seconds{{{sender}}}" in text
    assert f"fhirserver_hl7v2_held_up_lanes{{{sender}}} 0.0" in text


def test_a_replay_with_what_is_newer_leaves_the_last_word_to_the_last_message(
    client: FlaskClient, convert: Callable[[], None], database: Database
) -> None:
    application, patient = an_application(), ids.new()
    raw = a_message(application=application, patient=patient)
    post(client, raw)
    later = a_message("ADT^A08", application=application, patient=patient)
    post(client, later.replace(b"Doe^Jane", b"Roe^Jane"))
    convert()
    database.write(
        "UPDATE hl7v2.message SET state = 'dead' WHERE sender = %s AND event = 'ADT^A01'",
        (f"open-{application}-WEST",),
    )
    first = only(client, sender=f"open-{application}-WEST", state="dead")["id"]
    answer = client.post("/hl7v2/replays", json={"messages": [first], "withNewer": True})
    assert answer.json["messages"] == 2  # type: ignore[index]
    convert()

    found: Any = client.get("/fhir/Patient", query_string={"identifier": patient}).json
    assert found["entry"][0]["resource"]["name"][0]["family"] == "Roe"


def test_a_message_that_can_not_be_converted_shows_its_fields_and_why(client: FlaskClient) -> None:
    control = ids.new()[-20:]
    assert post(client, a_message("ADT^A77", control=control)).status_code == 400
    number = only(client, control=control)["id"]

    answer: Any = client.get(f"/hl7v2/messages/{number}/fields").json

    fields = {f["position"]: f for f in answer["fields"]}
    assert fields["PID-8"] == {
        "position": "PID-8", "name": "ADMINISTRATIVE_SEX", "value": "F", "made": [],
    }  # fmt: skip
    assert answer["resources"] == {}
    assert answer["reason"].startswith("201 ")
