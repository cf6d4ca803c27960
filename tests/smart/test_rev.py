"""Revocation: REV-1, and RFC 7009."""

from __future__ import annotations

import pytest

from fhirserver.storage import grants
from tests.smart.dance import dancer


@pytest.fixture
def app_of(app, database):
    return lambda kind="public", **more: dancer(app, database, kind, **more)


def test_rev_1_a_user_takes_back_what_they_granted_an_app(app_of, database):
    client = app_of()
    token = client.token()
    grants.revoke_client_of_user(database, client.user, client.client.id)

    assert client.fhir(token["access_token"]).status_code == 401
    assert client.refresh(token["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.parametrize("kind", ["public", "symmetric", "asymmetric"])
def test_a_client_revokes_its_refresh_token_and_all_of_the_grant_ends(app_of, kind):
    client = app_of(kind)
    token = client.token()

    answer = client.send("/oauth/revoke", token=token["refresh_token"])

    assert answer.status_code == 200
    assert client.fhir(token["access_token"]).status_code == 401
    assert client.refresh(token["refresh_token"]).status_code == 400


def test_a_client_revokes_one_access_token_and_no_more(app_of):
    client = app_of()
    token = client.token()

    client.send("/oauth/revoke", token=token["access_token"], token_type_hint="access_token")

    assert client.fhir(token["access_token"]).status_code == 401
    assert client.refresh(token["refresh_token"]).status_code == 200


def test_nobody_revokes_tokens_of_others_and_the_answer_tells_nothing(app_of):
    owner, other = app_of(), app_of()
    token = owner.token()

    answers = [other.send("/oauth/revoke", token=t) for t in (token["refresh_token"], "nonsense")]

    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].data == answers[1].data
    assert owner.fhir(token["access_token"]).status_code == 404


def test_who_revokes_must_be_known(app_of):
    client = app_of("symmetric")
    token = client.token()
    client.secret = "wrong"

    answer = client.send("/oauth/revoke", token=token["access_token"])

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert client.fhir(token["access_token"]).status_code == 404


def test_a_disabled_user_s_tokens_end_with_the_next_request(app_of, database):
    from fhirserver.storage import users

    client = app_of()
    token = client.token()
    assert client.fhir(token["access_token"]).status_code == 404
    users.set_active(database, client.user, is_active=False)

    assert client.fhir(token["access_token"]).status_code == 401
    assert client.refresh(token["refresh_token"]).json["error"] == "invalid_grant"


def test_a_disabled_client_s_tokens_end_with_the_next_request(app_of, database):
    from fhirserver.storage.clients import set_client_active

    client = app_of()
    token = client.token()
    assert client.fhir(token["access_token"]).status_code == 404
    with database.transaction() as connection:
        set_client_active(connection, client.client.id, False)

    assert client.fhir(token["access_token"]).status_code == 401
    assert client.refresh(token["refresh_token"]).json["error"] == "invalid_client"
