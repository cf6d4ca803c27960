"""Refreshing: REF-1 to REF-3, and its lifetimes."""

from __future__ import annotations

import pytest

from tests.smart.dance import PATIENT, dancer


@pytest.fixture
def app_of(app, database):
    return lambda kind="public", **more: dancer(app, database, kind, **more)


@pytest.mark.parametrize("kind", ["public", "symmetric", "asymmetric"])
@pytest.mark.parametrize("repeats_scope", [False, True])
def test_ref_1_to_3_every_kind_of_client_can_refresh(app_of, kind, repeats_scope):
    client = app_of(kind)
    first = client.token()

    more = {"scope": first["scope"]} if repeats_scope else {}
    answer = client.refresh(first["refresh_token"], **more)

    assert answer.status_code == 200, answer.text
    second = answer.json
    assert second["token_type"] == "Bearer"
    assert second["expires_in"] == 3600
    assert set(second["scope"].split()) == set(PATIENT.split())
    assert second["patient"] == "p1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert client.fhir(second["access_token"]).status_code == 404


def test_ref_3_a_client_with_a_secret_must_prove_it(app_of):
    client = app_of("symmetric")
    first = client.token()
    client.secret = None

    answer = client.refresh(first["refresh_token"])

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_each_refresh_token_is_another(app_of):
    client = app_of()
    first = client.token()

    second = client.refresh(first["refresh_token"]).json
    third = client.refresh(second["refresh_token"]).json

    tokens = {t["refresh_token"] for t in (first, second, third)}
    assert len(tokens) == 3


def test_a_refresh_may_ask_for_less_and_later_for_all_again(app_of):
    client = app_of()
    first = client.token()

    less = client.refresh(first["refresh_token"], scope="patient/Observation.rs").json
    again = client.refresh(less["refresh_token"]).json

    assert less["scope"] == "patient/Observation.rs"
    assert client.fhir(less["access_token"], "Condition").status_code == 403
    assert set(again["scope"].split()) == set(PATIENT.split())


def test_without_a_lasting_scope_there_is_no_refresh_token(app_of):
    assert "refresh_token" not in app_of().token("launch/patient patient/*.rs")


def test_an_online_app_can_refresh_until_its_user_signs_out(app_of, database):
    from fhirserver.storage import sessions

    client = app_of()
    token = client.token("launch/patient online_access patient/*.rs")
    second = client.refresh(token["refresh_token"]).json
    sessions.end(database, client.session, client.user)

    assert client.refresh(second["refresh_token"]).json["error"] == "invalid_grant"
    assert client.fhir(second["access_token"]).status_code == 401


def test_an_offline_app_goes_on_when_its_user_signs_out(app_of, database):
    from fhirserver.storage import sessions

    client = app_of()
    token = client.token()
    sessions.end(database, client.session, client.user)

    assert client.refresh(token["refresh_token"]).status_code == 200


def test_a_grant_lasts_three_months_whatever_is_refreshed(app_of, database):
    client = app_of()
    token = client.token()
    client.refresh(token["refresh_token"])

    rows = database.read(
        "SELECT max(t.expires) <= max(f.expires), max(f.expires) > now() + interval '89 days' "
        "FROM access.token t JOIN access.family f ON f.id = t.family WHERE f.client = %s",
        (client.client.id,),
    )
    assert rows == [(True, True)]


def test_an_access_token_is_no_refresh_token(app_of):
    client = app_of()

    answer = client.refresh(client.token()["access_token"])

    assert answer.json["error"] == "invalid_grant"


def test_a_refresh_token_is_no_access_token(app_of):
    client = app_of()

    assert client.fhir(client.token()["refresh_token"]).status_code == 401
