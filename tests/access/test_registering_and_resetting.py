"""The admin API: lost ways to sign in, registering clients, a new signing key, seals, settings."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.settings import Settings
from fhirserver.storage import credentials, recovery_codes, sessions, users
from fhirserver.storage.clients import client_by_id
from fhirserver.storage.database import Database
from fhirserver.web.administration.settings import groups
from tests.access.conftest import As

APP = {
    "name": "Growth chart",
    "redirectUris": ["https://app.example/back"],
    "scope": "launch/patient openid patient/Observation.rs",
}


@pytest.fixture
def admin(as_user: As) -> FlaskClient:
    return as_user("admin")


@pytest.fixture
def user(admin: FlaskClient) -> dict[str, Any]:
    made = admin.post("/admin/users", json={"name": f"u-{ids.new()}", "roles": ["nurse"]})
    found: dict[str, Any] = made.get_json()
    return found


def test_who_has_lost_their_phone_gets_in_by_the_password_again(
    admin: FlaskClient, user: dict[str, Any], database: Database
) -> None:
    credentials.set_single(database, user["id"], "totp", b"sealed")
    credentials.add(database, user["id"], "passkey", external=ids.new(), label="Blue key")
    recovery_codes.set_codes(database, user["id"], ["a", "b"])
    sessions.start(database, user["id"], ["password"])
    path = f"/admin/users/{user['id']}"

    before = admin.get(f"{path}/factors").get_json()
    assert [(f["kind"], f["label"]) for f in before["factors"]] == [
        ("totp", ""),
        ("passkey", "Blue key"),
    ]
    assert (before["hasPassword"], before["recoveryCodesLeft"]) == (False, 2)
    assert "sealed" not in str(before)
    assert admin.delete(f"{path}/factors").get_json() == {"removed": 2}

    after = admin.get(f"{path}/factors").get_json()
    assert (after["factors"], after["recoveryCodesLeft"]) == ([], 0)
    assert admin.get(f"{path}/sessions").get_json()["sessions"] == []


def test_a_password_is_set_and_never_told(
    admin: FlaskClient, user: dict[str, Any], database: Database
) -> None:
    path = f"/admin/users/{user['id']}/password"

    assert admin.put(path, json={"password": "short"}).status_code in (400, 422)
    assert credentials.password_hash(database, user["id"]) is None
    answer = admin.put(path, json={"password": "a long enough secret"})

    assert answer.status_code == 200, answer.text
    assert "secret" not in answer.text
    assert credentials.password_hash(database, user["id"]) is not None


def test_nobody_resets_their_own_ways_in(as_user: As, database: Database) -> None:
    admin = as_user("admin")
    own = max(users.users(database), key=lambda u: u.created).id

    assert admin.delete(f"/admin/users/{own}/factors").status_code == 403
    assert admin.delete(f"/admin/users/{own}/pause").status_code == 403
    answer = admin.put(f"/admin/users/{own}/password", json={"password": "a long secret"})
    assert answer.status_code == 403
    assert credentials.password_hash(database, own) is None


@pytest.mark.parametrize(("method", "path"), [("delete", "factors"), ("put", "password")])
def test_an_auditor_resets_nothing(
    as_user: As, user: dict[str, Any], method: str, path: str
) -> None:
    auditor = as_user("auditor")

    answer = getattr(auditor, method)(f"/admin/users/{user['id']}/{path}", json={})

    assert answer.status_code == 403
    assert auditor.get(f"/admin/users/{user['id']}/factors").status_code == 200


def test_an_app_is_registered_and_its_secret_told_once(
    admin: FlaskClient, database: Database
) -> None:
    made = admin.post("/admin/clients", json={**APP, "kind": "symmetric"})

    assert made.status_code == 201, made.text
    secret, id_ = made.get_json()["secret"], made.get_json()["id"]
    stored = client_by_id(database, id_)
    assert stored is not None
    assert stored.has_secret(secret)
    assert stored.redirect_uris == ("https://app.example/back",)
    assert (stored.scope, stored.is_trusted) == (APP["scope"], False)
    seen = admin.get(f"/admin/clients/{id_}")
    assert secret not in seen.text
    assert seen.get_json()["grantTypes"] == ["authorization_code", "refresh_token"]


def test_a_service_is_registered_with_the_address_of_its_keys(
    admin: FlaskClient, database: Database
) -> None:
    asked = {
        "name": "Nightly",
        "isService": True,
        "jwksUri": "https://8.8.8.8/jwks",
        "scope": "system/*.rs",
    }

    made = admin.post("/admin/clients", json=asked)

    assert made.status_code == 201, made.text
    assert "secret" not in made.get_json()
    stored = client_by_id(database, made.get_json()["id"])
    assert stored is not None
    assert (stored.kind, stored.grant_types) == ("asymmetric", ("client_credentials",))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": ""}, "name"),
        ({"kind": "secretive"}, "kind"),
        ({"redirectUris": []}, "redirectUris"),
        ({"redirectUris": ["http://app.example/back"]}, "redirectUris"),
        ({"launchUri": "javascript:alert(1)"}, "launchUri"),
        ({"scope": ""}, "scope"),
        ({"scope": "patient/Nonsense.rs"}, "scope"),
        ({"kind": "asymmetric"}, "jwks"),
        ({"jwks": {"keys": []}}, "jwks"),
        ({"isService": True}, "jwks"),
    ],
)
def test_what_makes_no_client_is_refused_with_its_place(
    admin: FlaskClient, change: dict[str, Any], place: str
) -> None:
    answer = admin.post("/admin/clients", json={**APP, **change})

    assert answer.status_code in (400, 422), answer.text
    assert answer.get_json()["issue"][0]["expression"] == [place]


def test_keys_are_not_fetched_from_within(admin: FlaskClient) -> None:
    asked = {**APP, "kind": "asymmetric", "jwksUri": "https://10.0.0.1/jwks"}

    assert admin.post("/admin/clients", json=asked).status_code in (400, 422)


def test_what_a_client_may_ask_for_and_whether_it_is_trusted_is_changed(admin: FlaskClient) -> None:
    path = f"/admin/clients/{admin.post('/admin/clients', json=APP).get_json()['id']}"

    changed = admin.patch(path, json={"scope": "patient/*.rs", "isTrusted": True})

    assert changed.status_code == 200, changed.text
    assert (changed.get_json()["scope"], changed.get_json()["isTrusted"]) == ("patient/*.rs", True)
    assert changed.get_json()["isActive"] is True
    assert admin.patch(path, json={"scope": "nonsense/*"}).status_code in (400, 422)
    assert admin.patch(path, json={"isTrusted": "yes"}).status_code in (400, 422)
    assert admin.get(path).get_json()["scope"] == "patient/*.rs"


def test_others_register_nothing(as_user: As) -> None:
    for role in ("auditor", "doctor", "integrator"):
        assert as_user(role).post("/admin/clients", json=APP).status_code == 403


def test_a_new_signing_key_stands_before_the_old_one(
    admin: FlaskClient, client: FlaskClient
) -> None:
    before = client.get("/oauth/jwks").get_json()["keys"][0]["kid"]

    made = admin.post("/admin/keys/signing", json={})

    assert made.status_code == 201, made.text
    kids = [k["kid"] for k in client.get("/oauth/jwks").get_json()["keys"]]
    assert kids[:2] == [made.get_json()["kid"], before]
    admin.post("/admin/keys/signing", json={"forgetOld": True})
    assert before not in [k["kid"] for k in admin.get("/admin/keys").get_json()["signing"]]


def test_an_auditor_checks_the_seals_part_by_part(as_user: As, app: Flask) -> None:
    auditor = as_user("auditor")

    found = auditor.get("/admin/audit/seals").get_json()

    assert found["finding"] is None
    assert found["last"] <= found["end"]
    assert auditor.get("/admin/audit/seals?after=x").status_code in (400, 422)
    assert as_user("doctor").get("/admin/audit/seals").status_code == 403


def test_settings_are_shown_without_secrets(admin: FlaskClient) -> None:
    found = {
        s["variable"]: s
        for g in admin.get("/admin/settings").get_json()["groups"]
        for s in g["settings"]
    }

    assert found["FHIRSERVER_PORT"]["isDefault"] in (True, False)
    assert found["FHIRSERVER_SMTP_PASSWORD"]["isSecret"] is True


def test_passwords_in_settings_are_never_shown() -> None:
    settings = Settings(
        database_url="postgresql://ada:hunter2@db/fhir?password=hunter3",
        smtp_password="hunter4",
        broker_url="redis://:hunter5@cache/0",
    )

    told = list(groups(settings))

    assert "hunter" not in str(told)
    shown = {s["variable"]: s for g in told for s in g["settings"]}
    assert shown["FHIRSERVER_DATABASE_URL"]["value"] == "postgresql://…@db/fhir?password=…"
    assert shown["FHIRSERVER_SMTP_PASSWORD"]["isSet"] is True
    assert shown["FHIRSERVER_SMTP_PASSWORD"]["value"] is None
