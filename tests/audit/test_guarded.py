"""What is on record, nobody changes; what others report is told from what the server has seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.audit.conftest import Events
from tests.builders import a_batch, a_transaction, an_entry

EVENT: dict[str, Any] = {
    "resourceType": "AuditEvent",
    "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
    "recorded": "2026-01-01T00:00:00Z",
    "agent": [{"requestor": True}],
    "source": {"observer": {"display": "another system"}},
}


@pytest.fixture
def event(client: FlaskClient, request_id: str, events: Events) -> str:
    client.get("/fhir/Patient/nobody", headers={"X-Request-Id": request_id})
    found: str = events(request_id)[0]["id"]
    return found


def requests(event: str) -> list[tuple[str, str, Any]]:
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "outcome"}]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    return [
        ("PUT", f"AuditEvent/{event}", {**EVENT, "id": event}),
        ("PUT", "AuditEvent/new", {**EVENT, "id": "new"}),
        ("PUT", "AuditEvent?action=R", EVENT),
        ("PATCH", f"AuditEvent/{event}", patch),
        ("DELETE", f"AuditEvent/{event}", None),
        ("DELETE", "AuditEvent?action=R", None),
    ]


def test_nobody_can_change_or_delete_an_event(client: FlaskClient, event: str) -> None:
    for method, path, body in requests(event):
        answer = client.open(f"/fhir/{path}", method=method, json=body)

        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST"), path
        assert "record" in answer.json["issue"][0]["diagnostics"]


def test_not_in_a_bundle_either(client: FlaskClient, event: str) -> None:
    for method, path, body in requests(event):
        entry = an_entry(method, path, body)
        assert client.post("/fhir", json=a_transaction(entry)).status_code == 405
        (done,) = client.post("/fhir", json=a_batch(entry)).json["entry"]
        assert done["response"]["status"].startswith("405")


def test_no_operation_changes_an_event(
    make_app: Callable[..., Flask], client_of: Callable[[Flask], FlaskClient], event: str
) -> None:
    client = client_of(make_app(allow_expunge=True))
    tag = {"tag": [{"code": "x"}]}
    for name, parameter in (
        ("meta-add", {"name": "meta", "valueMeta": tag}),
        ("expunge", {"name": "expungePreviousVersions", "valueBoolean": True}),
    ):
        body = {"resourceType": "Parameters", "parameter": [parameter]}
        assert client.post(f"/fhir/AuditEvent/{event}/${name}", json=body).status_code == 405


def test_an_event_of_another_system_is_marked(client: FlaskClient) -> None:
    made = client.post("/fhir/AuditEvent", json=EVENT)

    assert made.status_code == 201
    assert made.json["meta"]["tag"][0]["code"] == "submitted"


def test_events_are_found_like_any_resource(client: FlaskClient, event: str) -> None:
    for query in ("agent:identifier=test", "address=127.0", "action=R", "outcome=4"):
        found = client.get(f"/fhir/AuditEvent?_id={event}&{query}&date=ge2026").json
        assert found["total"] == 1, query


def test_the_capabilities_say_so(client: FlaskClient) -> None:
    resources = client.get("/fhir/metadata").json["rest"][0]["resource"]
    (listed,) = [r for r in resources if r["type"] == "AuditEvent"]

    assert {"update", "patch", "delete"}.isdisjoint(i["code"] for i in listed["interaction"])
