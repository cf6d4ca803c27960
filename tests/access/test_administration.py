"""The admin API: users, sessions, clients, policies and keys, for administrators only."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.access.policy import json_of_policy
from fhirserver.access.shipped import shipped_policies
from fhirserver.storage import sessions, users
from fhirserver.storage.clients import Client, add_client, new_secret
from fhirserver.storage.database import Database
from tests.access.conftest import As


@pytest.fixture
def admin(as_user: As) -> FlaskClient:
    return as_user("admin")


@pytest.fixture
def name() -> str:
    return f"u-{ids.new()}"


def made(admin: FlaskClient, name: str, **members: Any) -> dict[str, Any]:
    answer = admin.post("/admin/users", json={"name": name, **members})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_an_administrator_adds_a_user_and_changes_what_they_may(
    admin: FlaskClient, name: str
) -> None:
    user = made(admin, name, roles=["nurse"], fhirUser="Practitioner/1", password="a long secret")

    changed = admin.patch(
        f"/admin/users/{user['id']}",
        json={"roles": ["doctor"], "clearances": ["PSY"], "isActive": False, "display": "Ada"},
    )

    assert changed.status_code == 200, changed.text
    seen = admin.get(f"/admin/users/{user['id']}").get_json()
    assert (seen["roles"], seen["clearances"], seen["isActive"]) == (["doctor"], ["PSY"], False)
    assert (seen["display"], seen["fhirUser"]) == ("Ada", "Practitioner/1")
    assert seen["id"] in {u["id"] for u in admin.get("/admin/users").get_json()["users"]}


@pytest.mark.parametrize(
    "members",
    [
        {"roles": "nurse"},
        {"clearances": ["EVERYTHING"]},
        {"fhirUser": "Device/1"},
        {"password": "short"},
        {"isAdmin": True},
    ],
)
def test_what_makes_no_user_is_refused(admin: FlaskClient, name: str, members: Any) -> None:
    answer = admin.post("/admin/users", json={"name": name, **members})

    assert answer.status_code in (400, 422), answer.text
    assert name not in {u["name"] for u in admin.get("/admin/users").get_json()["users"]}


def test_nobody_gives_themselves_rights(as_user: As, database: Database) -> None:
    admin = as_user("admin")
    newest = max(users.users(database), key=lambda u: u.created)

    answer = admin.patch(f"/admin/users/{newest.id}", json={"roles": ["admin", "doctor"]})

    assert answer.status_code == 403
    assert "their own rights" in answer.text


def test_sessions_are_listed_and_ended(admin: FlaskClient, name: str, database: Database) -> None:
    user = made(admin, name, roles=["nurse"])
    for _ in range(2):
        sessions.start(database, user["id"], ["password"], address="192.0.2.1")
    path = f"/admin/users/{user['id']}/sessions"
    first, _ = admin.get(path).get_json()["sessions"]
    assert first["address"] == "192.0.2.1"

    assert admin.delete(f"{path}/{first['id']}").status_code == 200
    assert len(admin.get(path).get_json()["sessions"]) == 1
    assert admin.delete(path).get_json() == {"ended": 1}
    assert admin.get(path).get_json()["sessions"] == []


def test_a_client_is_shown_without_its_secret_and_shut_out(
    admin: FlaskClient, name: str, database: Database
) -> None:
    secret, stored = new_secret()
    with database.transaction() as connection:
        add_client(connection, Client(name, "An app", "symmetric", secret=stored))

    seen = admin.get(f"/admin/clients/{name}")
    assert seen.get_json()["isActive"] is True
    assert secret not in seen.text
    assert "secret" not in seen.get_json()
    off = admin.patch(f"/admin/clients/{name}", json={"isActive": False})
    assert off.get_json()["isActive"] is False
    assert admin.get("/admin/clients/nobody").status_code == 404
    assert name in {c["id"] for c in admin.get("/admin/clients").get_json()["clients"]}


def test_a_policy_is_proposed_by_one_and_approved_by_another(
    admin: FlaskClient, as_user: As
) -> None:
    policy = f"p-{ids.new()[:8]}"
    rules = [{"types": ["Organization"], "rights": "rs"}]

    proposed = admin.put(f"/admin/policies/{policy}", json={"roles": [policy], "rules": rules})

    assert proposed.status_code == 200, proposed.text
    assert proposed.get_json()["inForce"] is None
    assert proposed.get_json()["pending"]["rules"][0]["types"] == ["Organization"]
    assert admin.post(f"/admin/policies/{policy}/approve").status_code == 415
    assert admin.post(f"/admin/policies/{policy}/approve", json={}).status_code == 403
    approved = as_user("admin").post(f"/admin/policies/{policy}/approve", json={})
    assert approved.status_code == 200, approved.text
    assert approved.get_json()["inForce"]["status"] == "active"
    assert as_user(policy).get("/fhir/Organization").status_code == 200
    roles = {r["name"]: r["policies"] for r in admin.get("/admin/roles").get_json()["roles"]}
    assert roles[policy] == [policy]
    again = as_user("admin").post(f"/admin/policies/{policy}/approve", json={})
    assert again.status_code == 409


def test_the_shipped_policies_are_listed(admin: FlaskClient) -> None:
    found = {p["name"]: p for p in admin.get("/admin/policies").get_json()["policies"]}

    assert set(shipped_policies()) <= set(found)
    doctor = admin.get("/admin/policies/doctor").get_json()
    assert doctor["inForce"] == json_of_policy(shipped_policies()["doctor"])
    assert admin.get("/admin/policies/nobody").status_code == 404


def test_keys_are_shown_by_their_public_halves(admin: FlaskClient, client: FlaskClient) -> None:
    client.get("/oauth/jwks")

    found = admin.get("/admin/keys").get_json()

    assert all("d" not in key for key in found["signing"])


@pytest.mark.parametrize("role", ["doctor", "nurse", "reception", "patient", ""])
@pytest.mark.parametrize("path", ["users", "clients", "policies", "roles", "keys"])
def test_others_see_nothing_of_it(as_user: As, role: str, path: str) -> None:
    assert as_user(role, "Practitioner/x").get(f"/admin/{path}").status_code == 403


def test_an_auditor_reads_and_changes_nothing(as_user: As, name: str) -> None:
    auditor = as_user("auditor")

    assert auditor.get("/admin/users").status_code == 200
    assert auditor.post("/admin/users", json={"name": name}).status_code == 403


def test_a_narrow_token_of_an_administrator_does_not_administer(as_user: As, name: str) -> None:
    narrow = as_user("admin", scope="user/Organization.cruds")

    assert narrow.get("/admin/users").status_code == 403
    assert narrow.post("/admin/users", json={"name": name}).status_code == 403


def test_it_takes_a_token_and_json(app: Flask, admin: FlaskClient, name: str) -> None:
    assert app.test_client().get("/admin/users").status_code == 401
    assert admin.post("/admin/users", data={"name": name}).status_code == 415
    assert admin.post("/admin/users", json=[name]).status_code == 400


def test_the_operators_token_may(client: FlaskClient, name: str) -> None:
    assert made(client, name)["name"] == name


def test_a_change_holds_from_the_next_request_on(
    admin: FlaskClient, as_user: As, database: Database
) -> None:
    reception = as_user("reception")
    newest = max(users.users(database), key=lambda u: u.created)
    assert reception.get("/fhir/Patient").status_code == 200

    assert admin.patch(f"/admin/users/{newest.id}", json={"roles": []}).status_code == 200

    assert reception.get("/fhir/Patient").status_code == 403
    assert admin.patch(f"/admin/users/{newest.id}", json={"isActive": False}).status_code == 200
    assert reception.get("/fhir/Patient").status_code == 401
