"""The admin API: users, sessions, clients, policies and keys, for administrators only."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import clock, ids
from fhirserver.access.labels import CLEARANCES
from fhirserver.access.policy import json_of_policy
from fhirserver.access.shipped import shipped_policies
from fhirserver.model import json
from fhirserver.oauth.signing_in.limits import Limits
from fhirserver.search.hashing import element
from fhirserver.settings import Settings
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
    listed = admin.get("/admin/users", query_string={"text": f"{name[:8]} Ada {name[8:]}"})
    assert [u["id"] for u in listed.get_json()["users"]] == [seen["id"]]
    listed = admin.get("/admin/users", query_string={"id": seen["id"]}).get_json()["users"]
    assert [u["name"] for u in listed] == [name]


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
    assert admin.get(f"/admin/users?text={name}").get_json()["users"] == []


def test_accounts_are_listed_page_by_page_and_narrowed_down(admin: FlaskClient, name: str) -> None:
    three = [made(admin, f"{name}-{n}", display=f"{n}%_ {name}", roles=["nurse"]) for n in "cab"]
    admin.patch(f"/admin/users/{three[0]['id']}", json={"isActive": False, "roles": []})

    def listed(**query: Any) -> dict[str, Any]:
        found: dict[str, Any] = admin.get("/admin/users", query_string=query).get_json()
        return found

    first = listed(text=name, _count=2)
    assert [u["display"][0] for u in first["users"]] == ["a", "b"]
    second = listed(text=name, _count=2, after=first["next"])
    assert ([u["display"][0] for u in second["users"]], "next" in second) == (["c"], False)
    assert [u["id"] for u in listed(text=name, role="nurse", isActive="true")["users"]] == [
        three[1]["id"],
        three[2]["id"],
    ]
    assert [u["id"] for u in listed(text=name, isActive="false")["users"]] == [three[0]["id"]]
    assert len(listed(text=f"%_ {name}")["users"]) == 3
    assert listed(text=f"a_% {name}")["users"] == []
    for wrong in ({"_count": "many"}, {"isActive": "maybe"}):
        assert admin.get("/admin/users", query_string=wrong).status_code == 400


def test_all_of_a_change_is_made_or_nothing(admin: FlaskClient, name: str) -> None:
    user = made(admin, name, roles=["nurse"])
    path = f"/admin/users/{user['id']}"

    wrong = admin.patch(path, json={"roles": ["doctor"], "fhirUser": "Device/1"})

    assert wrong.status_code in (400, 422)
    assert admin.patch(path, json={}).status_code == 400
    assert admin.get(path).get_json()["roles"] == ["nurse"]


def test_who_has_read_an_older_account_overwrites_nothing(admin: FlaskClient, name: str) -> None:
    user = made(admin, name, roles=["nurse"])
    path = f"/admin/users/{user['id']}"
    assert admin.patch(path, json={"roles": [], "updated": user["updated"]}).status_code == 200

    late = admin.patch(path, json={"roles": ["doctor"], "updated": user["updated"]})

    assert late.status_code == 409
    assert "meanwhile" in late.text
    assert admin.get(path).get_json()["roles"] == []


def test_it_is_on_record_which_account_was_changed_and_how(
    admin: FlaskClient, name: str, database: Database
) -> None:
    user = made(admin, name, roles=["nurse"])
    path = f"/admin/users/{user['id']}"

    admin.patch(path, json={"roles": ["doctor"], "isActive": False})
    admin.put(f"{path}/password", json={"password": "a long enough secret"})
    admin.patch(path, json={"clearances": ["EVERYTHING"]})

    def on_record() -> list[tuple[str, str, dict[str, str]]]:
        key = element("entity", f"i|s|urn:fhirserver:account|{user['id']}")
        rows = database.read(
            'SELECT content::text FROM resource."AuditEvent" WHERE elements @> %s::int8[] '
            "ORDER BY key",
            (f"{{{key}}}",),
        )
        found = []
        for (content,) in rows:
            event: Any = json.parse(content.encode())
            [about] = [e for e in event["entity"] if "system" in e["what"].get("identifier", {})]
            told = {d["type"]: d["valueString"] for d in about.get("detail", ())}
            found.append((event["subtype"][1]["code"], event["outcome"], told))
        return found

    end = time.monotonic() + 60
    while len(on_record()) < 4 and time.monotonic() < end:
        time.sleep(0.05)
    assert on_record() == [
        ("admin-create-user", "0", {"name": name, "roles": "nurse"}),
        ("admin-change-user", "0", {"roles": "doctor", "isActive": "false"}),
        ("admin-set-password", "0", {}),
        ("admin-change-user", "4", {"clearances": "EVERYTHING"}),
    ]


def test_an_account_that_is_paused_is_let_in_again(
    admin: FlaskClient, as_user: As, name: str, database: Database
) -> None:
    user = made(admin, name, roles=["nurse"])
    path = f"/admin/users/{user['id']}"
    limits = Limits(database, Settings())
    while limits.may_try(name.upper(), "192.0.2.7"):
        pass

    paused = admin.get(f"{path}/factors").get_json()["pausedUntil"]
    assert datetime.fromisoformat(paused) > clock.now()
    assert as_user("auditor").delete(f"{path}/pause").status_code == 403
    assert admin.delete(f"{path}/pause").get_json() == {"wasPaused": True}

    assert admin.get(f"{path}/factors").get_json()["pausedUntil"] is None
    assert limits.may_try(name, "192.0.2.8")
    assert admin.delete(f"{path}/pause").get_json() == {"wasPaused": False}


def test_the_clearances_that_there_are_are_listed(admin: FlaskClient) -> None:
    assert admin.get("/admin/clearances").get_json() == {"clearances": list(CLEARANCES)}


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
    seen = {"proposal": proposed.get_json()["proposal"]}
    assert admin.post(f"/admin/policies/{policy}/approve").status_code == 415
    assert admin.post(f"/admin/policies/{policy}/approve", json=seen).status_code == 403
    approved = as_user("admin").post(f"/admin/policies/{policy}/approve", json=seen)
    assert approved.status_code == 200, approved.text
    assert approved.get_json()["inForce"]["status"] == "active"
    assert as_user(policy).get("/fhir/Organization").status_code == 200
    roles = {r["name"]: r["policies"] for r in admin.get("/admin/roles").get_json()["roles"]}
    assert roles[policy] == [policy]
    again = as_user("admin").post(f"/admin/policies/{policy}/approve", json=seen)
    assert again.status_code == 409


@pytest.fixture
def policy(admin: FlaskClient) -> str:
    """One that a first administrator has proposed."""
    name = f"p-{ids.new()[:8]}"
    rules = [{"types": ["Organization"], "rights": "rs"}]
    assert admin.put(f"/admin/policies/{name}", json={"roles": [name], "rules": rules}).is_json
    return name


def test_what_was_changed_since_it_was_read_is_not_approved(
    admin: FlaskClient, as_user: As, policy: str
) -> None:
    path, second = f"/admin/policies/{policy}", as_user("admin")
    seen = second.get(path).get_json()["proposal"]
    more = [{"types": ["*"], "rights": "cruds"}]
    admin.put(path, json={"roles": [policy], "rules": more})

    for told in ({"proposal": seen}, {}):
        refused = second.post(f"{path}/approve", json=told)
        assert refused.status_code == 409, refused.text
    assert second.get(path).get_json()["inForce"] is None


def test_a_proposal_is_withdrawn_and_what_is_in_force_stays(
    admin: FlaskClient, as_user: As, policy: str
) -> None:
    path, second = f"/admin/policies/{policy}", as_user("admin")
    assert as_user("auditor").delete(f"{path}/proposal").status_code == 403

    assert admin.delete(f"{path}/proposal").status_code == 200
    assert admin.get(path).status_code == 404
    assert admin.delete(f"{path}/proposal").status_code == 409

    body = {"roles": [policy], "rules": [{"types": ["Organization"], "rights": "rs"}]}
    proposal = admin.put(path, json=body).get_json()["proposal"]
    second.post(f"{path}/approve", json={"proposal": proposal})
    admin.put(path, json={**body, "rules": []})
    assert second.delete(f"{path}/proposal").status_code == 200
    left = admin.get(path).get_json()
    assert (left["pending"], len(left["inForce"]["rules"])) == (None, 1)


def test_a_policy_is_tried_out_before_it_is_proposed(
    admin: FlaskClient, as_user: As, client: FlaskClient
) -> None:
    role = f"r-{ids.new()[:8]}"
    somebody = made(admin, f"u-{ids.new()}", roles=[role])
    client.post("/fhir/Organization", json={"resourceType": "Organization", "name": role})
    path = f"/admin/policies/{role}/trial"
    wanted = {"roles": [role], "rules": [{"types": ["Organization"], "rights": "rs"}]}

    tried = admin.post(path, json={"policy": wanted, "user": somebody["id"]})

    assert tried.status_code == 200, tried.text
    found = tried.get_json()
    assert found["accounts"] == 1
    [change] = found["types"]
    assert (change["type"], change["before"]) == ("Organization", {"rights": "", "count": 0})
    assert change["after"]["rights"] == "rs"
    assert change["after"]["count"] >= 1
    assert admin.get(f"/admin/policies/{role}").status_code == 404
    none = admin.post(path, json={"policy": {**wanted, "rules": []}, "user": somebody["id"]})
    assert none.get_json()["types"] == []
    broken = {**wanted, "rules": [{"types": ["Orgnization"], "rights": "rs"}]}
    assert admin.post(path, json={"policy": broken}).status_code == 422
    assert as_user("auditor").post(path, json={"policy": wanted}).status_code == 403


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
