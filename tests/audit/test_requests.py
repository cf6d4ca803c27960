"""Every request makes one AuditEvent, which says who did what to which resources of whom."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver.storage.database import Database
from tests.audit.conftest import Events, subtype, whats
from tests.builders import a_batch, a_patient, a_transaction, an_entry, an_observation

Token = Callable[..., str]


@pytest.fixture
def patient(client: FlaskClient) -> str:
    made: str = client.post("/fhir/Patient", json=a_patient()).json["id"]
    return made


@pytest.fixture
def sent(client: FlaskClient, request_id: str) -> Callable[..., Any]:
    """Send a request under the test's request id."""

    def send(method: str, path: str, **more: Any) -> Any:
        headers = {"X-Request-Id": request_id, **more.pop("headers", {})}
        return client.open(f"/fhir{path}", method=method, headers=headers, **more)

    return send


def test_a_create_is_on_record_with_its_resource_and_patient(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    made = sent("POST", "/Observation", json=an_observation(**subject)).json["id"]
    (event,) = events(request_id)

    assert (event["action"], event["outcome"], subtype(event)) == ("C", "0", "create")
    assert whats(event) == [f"Observation/{made}/_history/1", f"Patient/{patient}"]
    client, server = event["agent"]
    assert client["who"] == {"identifier": {"value": "test"}}
    assert client["network"] == {"address": "127.0.0.1", "type": "2"}
    assert server["network"]["address"]


@pytest.mark.parametrize("mode", ["PUT", "PATCH", "DELETE"])
def test_a_change_is_on_record_with_its_version(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str, mode: str
) -> None:
    patch = [{"op": "add", "path": "/gender", "value": "female"}]
    body: dict[str, Any] = {
        "PUT": {"json": a_patient(id=patient, gender="male")},
        "PATCH": {"json": patch, "headers": {"Content-Type": "application/json-patch+json"}},
        "DELETE": {},
    }[mode]
    assert sent(mode, f"/Patient/{patient}", **body).status_code < 300
    (event,) = events(request_id)

    assert event["action"] == {"PUT": "U", "PATCH": "U", "DELETE": "D"}[mode]
    assert whats(event) == [f"Patient/{patient}/_history/2", f"Patient/{patient}"]


def test_a_change_that_changes_nothing_is_on_record(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    assert sent("PUT", f"/Patient/{patient}", json=a_patient(id=patient)).status_code == 200
    (event,) = events(request_id)

    assert subtype(event) == "update"


def test_a_read_is_on_record_with_the_version_that_was_shown(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    sent("GET", f"/Patient/{patient}")
    (event,) = events(request_id)

    assert (event["action"], event["outcome"], subtype(event)) == ("R", "0", "read")
    assert whats(event) == [f"Patient/{patient}/_history/1", f"Patient/{patient}"]


def test_a_search_is_on_record_with_its_query_and_what_it_showed(
    client: FlaskClient, sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    made = client.post("/fhir/Observation", json=an_observation(**subject)).json["id"]
    sent("GET", f"/Observation?patient={patient}&code=29463-7")
    (event,) = events(request_id)

    assert (event["action"], subtype(event)) == ("E", "search-type")
    (query,) = [e for e in event["entity"] if "query" in e]
    assert b64decode(query["query"]).decode() == f"patient={patient}&code=29463-7"
    assert query["securityLabel"][0]["code"] == "R"
    assert whats(event) == [f"Observation/{made}", f"Patient/{patient}"]


def test_a_search_that_finds_nothing_names_the_patient_it_was_about(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    sent("GET", f"/Observation?subject=Patient/{patient}")
    (event,) = events(request_id)

    assert whats(event) == [f"Patient/{patient}"]


def test_everything_is_one_event_with_all_it_showed(
    client: FlaskClient, sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    made = client.post("/fhir/Observation", json=an_observation(**subject)).json["id"]
    sent("GET", f"/Patient/{patient}/$everything")
    (event,) = events(request_id)

    assert [c["code"] for c in event["subtype"]] == ["operation", "everything"]
    assert f"Observation/{made}" in whats(event)


def test_graphql_is_one_event_with_all_it_showed(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    text = '{Patient(id:"' + patient + '"){id}}'
    assert sent("POST", "/$graphql", json={"query": text}).status_code == 200
    (event,) = events(request_id)

    assert whats(event)[-1] == f"Patient/{patient}"


def test_a_transaction_is_one_event_with_its_entries(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    entries = [
        an_entry("POST", "Patient", a_patient()),
        an_entry("GET", f"Patient/{patient}"),
        an_entry("PUT", f"Patient/{patient}", a_patient(id=patient, gender="other")),
    ]
    assert sent("POST", "/", json=a_transaction(*entries)).status_code == 200
    (event,) = events(request_id)

    assert subtype(event) == "transaction"
    assert f"Patient/{patient}/_history/2" in whats(event)
    assert len(whats(event)) == 2 + 2


def test_each_entry_of_a_batch_is_an_event(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    entries = [
        an_entry("POST", "Patient", a_patient()),
        an_entry("POST", "Patient", a_patient(gender="no such gender")),
        an_entry("PUT", f"Patient/{patient}", a_patient(id=patient)),
        an_entry("GET", f"Patient/{patient}"),
        an_entry("GET", "Patient/no-such"),
        an_entry("DELETE", "Patient/no-such"),
    ]
    assert sent("POST", "/", json=a_batch(*entries)).status_code == 200
    made = events(request_id, 6)

    assert sorted((subtype(e), e["outcome"]) for e in made) == [
        ("create", "0"),
        ("create", "4"),
        ("delete", "0"),
        ("read", "0"),
        ("read", "4"),
        ("update", "0"),
    ]


def test_a_transaction_that_is_rolled_back_leaves_the_event_of_its_failure_alone(
    sent: Callable[..., Any], events: Events, request_id: str
) -> None:
    entries = [
        an_entry("POST", "Patient", a_patient()),
        an_entry("PATCH", "Patient/no-such", {"resourceType": "Parameters", "parameter": []}),
    ]
    assert sent("POST", "/", json=a_transaction(*entries)).status_code >= 400
    (event,) = events(request_id)

    assert event["outcome"] == "4"
    assert not whats(event)


def test_a_denied_request_is_on_record(
    app: Flask, token: Token, events: Events, request_id: str, patient: str
) -> None:
    headers = {
        "Authorization": f"Bearer {token('user/Observation.r')}",
        "X-Request-Id": request_id,
    }
    assert app.test_client().get(f"/fhir/Patient/{patient}", headers=headers).status_code == 403
    (event,) = events(request_id)

    assert (event["outcome"], event["outcomeDesc"]) == ("4", "403 forbidden")
    assert whats(event) == [f"Patient/{patient}", f"Patient/{patient}"]


def test_a_request_without_a_token_is_on_record(
    app: Flask, events: Events, request_id: str
) -> None:
    app.test_client().get("/fhir/Patient/x", headers={"X-Request-Id": request_id})
    (event,) = events(request_id)

    assert event["outcomeDesc"] == "401 login"
    assert event["agent"][0]["who"] == {"identifier": {"value": "anonymous"}}


def test_a_body_that_cannot_be_read_is_on_record(
    sent: Callable[..., Any], events: Events, request_id: str
) -> None:
    sent("POST", "/Patient", data=b"{", headers={"Content-Type": "application/fhir+json"})
    (event,) = events(request_id)

    assert (event["outcome"], subtype(event)) == ("4", "create")


def test_a_write_whose_event_cannot_be_written_does_not_happen(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = database.read('SELECT count(*) FROM resource."Basic"')[0][0]
    with database.transaction() as connection:
        connection.execute('ALTER TABLE ix_date."AuditEvent" RENAME TO away')
    try:
        body = {"resourceType": "Basic", "code": {"text": "x"}}
        assert client.post("/fhir/Basic", json=body).status_code >= 500
        assert database.read('SELECT count(*) FROM resource."Basic"')[0][0] == before
    finally:
        with database.transaction() as connection:
            connection.execute('ALTER TABLE ix_date.away RENAME TO "AuditEvent"')


def test_the_metadata_is_not_on_record(app: Flask, events: Events, request_id: str) -> None:
    app.test_client().get("/fhir/metadata", headers={"X-Request-Id": request_id})

    events(request_id, 0, seconds=0.7)


def a_view(client_sent: Callable[..., Any], family: str) -> Any:
    view = {
        "resource": "Patient", "status": "active",
        "where": [{"path": f"name.family = '{family}'"}],
        "select": [{"column": [{"name": "family", "path": "name.family"}]}],
    }  # fmt: skip
    body = {"resourceType": "Parameters", "parameter": [{"name": "viewResource", "resource": view}]}
    return client_sent("POST", "/$viewdefinition-run", json=body)


def test_rows_of_a_view_are_on_record_with_whose_they_are_before_they_are_sent(
    sent: Callable[..., Any], events: Events, request_id: str, client: FlaskClient
) -> None:
    family = "x" * 200
    entries = [
        an_entry("POST", "Patient", a_patient(name=[{"family": family}])) for _ in range(700)
    ]
    made = client.post("/fhir", json=a_transaction(*entries)).json["entry"]
    everybody = {e["response"]["location"].partition("/_history")[0][-43:] for e in made}

    rows = a_view(sent, family).text.splitlines()
    # 307, 307 and 86 patients in three pieces; an event names at most 99, and counts the others.
    found = events(request_id, expected=3)

    assert len(rows) == 700
    told = [what for e in found for what in whats(e)]
    assert [len(whats(e)) for e in found] == [99, 99, 86]
    assert {t[-43:] for t in told} < everybody
    assert len(set(told)) == len(told)


def test_whose_resources_gave_no_row_is_not_on_record(
    sent: Callable[..., Any], events: Events, request_id: str, patient: str
) -> None:
    assert a_view(sent, "nobody").text == ""
    (event,) = events(request_id)

    assert whats(event) == []
