"""Patient/$disclosures: patients and auditors learn who has seen a patient's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver.access.principal import Principal, User, scopes
from fhirserver.errors import Forbidden
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from tests.builders import a_patient, an_observation

Told = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def strict(make_app: Callable[..., Flask]) -> Flask:
    return make_app(audit_reads="strict")


@pytest.fixture
def strict_client(strict: Flask, client_of: Callable[[Flask], FlaskClient]) -> FlaskClient:
    return client_of(strict)


@pytest.fixture
def two(strict_client: FlaskClient) -> list[str]:
    """Two patients, of whom a search showed both and a read the first."""
    made = [strict_client.post("/fhir/Patient", json=a_patient()).json["id"] for _ in range(2)]
    strict_client.get(f"/fhir/Patient?_id={','.join(made)}&name=Chalmers")
    strict_client.get(f"/fhir/Patient/{made[0]}")
    return made


@pytest.fixture
def told(strict: Flask) -> Told:
    engine = strict.extensions["fhirserver"]

    def ask(patient: str, user: User | None, scope: str, **more: str) -> list[dict[str, Any]]:
        principal = Principal("somebody", scopes(scope), user=user)
        asked = FhirRequest(
            "operation",
            principal,
            type="Patient",
            id=patient,
            operation="disclosures",
            query=tuple(more.items()),
        )
        answer = json.parse_object(engine.handle(asked).content or b"")
        return [e["resource"] for e in answer.get("entry", ())]

    return ask


def test_an_auditor_learns_who_did_what_and_when(told: Told, two: list[str]) -> None:
    events = told(two[0], None, "system/AuditEvent.rs")

    kinds = [e["subtype"][0]["code"] for e in events]
    assert kinds == ["read", "search-type", "create"]
    assert all(e["recorded"] and e["agent"][0]["who"] for e in events)


def test_patients_learn_it_without_other_patients_and_queries(
    told: Told, two: list[str], strict_client: FlaskClient
) -> None:
    subject = {"subject": {"reference": f"Patient/{two[1]}"}}
    made = strict_client.post("/fhir/Observation", json=an_observation(**subject)).json["id"]
    user = User("u", "Ada", fhir_user=f"Patient/{two[1]}")
    events = told(two[1], user, "user/Patient.r")
    text = json.dump(events).decode()

    assert [e["subtype"][0]["code"] for e in events] == ["create", "search-type", "create"]
    assert two[0] not in text
    assert '"query"' not in text
    assert "network" not in text
    assert f"Observation/{made}" in text


def test_nobody_else_learns_it(told: Told, two: list[str]) -> None:
    for user in (None, User("u", "Ada", fhir_user=f"Patient/{two[1]}")):
        with pytest.raises(Forbidden):
            told(two[0], user, "user/Patient.r")


def test_denials_are_no_disclosures(
    told: Told, two: list[str], strict: Flask, token: Callable[..., str]
) -> None:
    headers = {"Authorization": f"Bearer {token('user/Basic.r')}"}
    assert strict.test_client().get(f"/fhir/Patient/{two[0]}", headers=headers).status_code == 403

    assert len(told(two[0], None, "system/AuditEvent.rs")) == 3


def test_it_comes_in_pages_and_by_time(strict_client: FlaskClient, two: list[str]) -> None:
    found: list[str] = []
    address = f"/fhir/Patient/{two[0]}/$disclosures?_count=2&start=2026"
    while address:
        page = strict_client.get(address).json
        found += [e["resource"]["id"] for e in page["entry"]]
        links = {link["relation"]: link["url"] for link in page["link"]}
        address = links.get("next", "")

    assert len(found) == len(set(found)) == 3
    never = strict_client.get(f"/fhir/Patient/{two[0]}/$disclosures?end=2025-12-31").json
    assert "entry" not in never
