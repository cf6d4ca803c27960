"""Introspection: INT-1 and INT-2."""

from __future__ import annotations

import time

import pytest

from tests.smart.dance import BASE, PATIENT, dancer


@pytest.fixture
def app_of(app, database):
    return lambda kind="symmetric", **more: dancer(app, database, kind, **more)


@pytest.mark.parametrize("kind", ["symmetric", "asymmetric"])
def test_int_1_a_client_is_told_what_its_token_stands_for(app_of, kind):
    client = app_of(kind, fhir_user="Practitioner/doc1")
    token = client.token()

    answer = client.send("/oauth/introspect", token=token["access_token"])

    assert answer.status_code == 200
    told = answer.json
    assert told["active"] is True
    assert told["client_id"] == client.client.id
    assert sorted(told["scope"].split()) == sorted(PATIENT.split())
    assert time.time() < told["exp"] <= time.time() + 3601
    assert told["patient"] == token["patient"] == "p1"
    assert (told["iss"], told["sub"]) == (BASE, client.user)
    assert told["fhirUser"] == f"{BASE}/Practitioner/doc1"


def test_int_1_a_public_app_asks_about_its_token_with_the_token(app_of):
    client = app_of("public")
    token = client.token()["access_token"]

    answer = client.http.post(
        "/oauth/introspect", data={"token": token}, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.json["active"] is True


@pytest.mark.parametrize("token", ["nonsense", "x" * 1500])
def test_int_2_of_an_invalid_token_nothing_is_told(app_of, token):
    answer = app_of().send("/oauth/introspect", token=token)

    assert (answer.status_code, answer.json) == (200, {"active": False})


def test_int_2_who_asks_must_be_known(app_of):
    client = app_of()
    token = client.token()["access_token"]
    client.secret = None

    answer = client.send("/oauth/introspect", token=token)

    assert answer.status_code == 401


def test_a_resource_server_may_ask_about_all_tokens(app_of, database):
    client = app_of("public")
    server = app_of(may_introspect=True)

    answer = server.send("/oauth/introspect", token=client.token()["access_token"])

    assert answer.json["active"] is True


def test_a_refresh_token_that_was_used_is_not_active(app_of):
    client = app_of()
    token = client.token()["refresh_token"]
    before = client.send("/oauth/introspect", token=token).json["active"]
    client.refresh(token)

    assert before is True
    assert client.send("/oauth/introspect", token=token).json == {"active": False}
