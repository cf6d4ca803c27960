"""Attacks 88 to 90: refresh tokens."""

from __future__ import annotations

import pytest

from fhirserver.storage import grants
from tests.security.refusals import invalid


def test_088_a_refresh_token_twice_ends_the_whole_grant(app_of):
    client = app_of()
    first = client.token()
    second = client.refresh(first["refresh_token"]).json

    invalid(client.refresh(first["refresh_token"]))
    invalid(client.refresh(second["refresh_token"]))
    assert client.fhir(second["access_token"]).status_code == 401


def test_088_of_many_refreshes_at_once_one_brings_tokens(app_of, app, at_once):
    client = app_of()
    first = client.token()
    answers = []

    def refresh(number):
        data = {
            "grant_type": "refresh_token",
            "refresh_token": first["refresh_token"],
            "client_id": client.client.id,
        }
        answers.append(app.test_client().post("/oauth/token", data=data).status_code)

    at_once(refresh, range(8))

    assert answers.count(200) <= 1
    assert set(answers) <= {200, 400}


@pytest.mark.parametrize(
    "scope",
    ["patient/*.cruds", "user/*.rs", "patient/*.rs user/Patient.r", "system/*.rs", "launch"],
)
def test_089_a_refresh_that_asks_for_more_is_refused(app_of, scope):
    client = app_of()
    token = client.token()["refresh_token"]

    invalid(client.refresh(token, scope=scope), "invalid_scope")


def test_090_a_refresh_after_the_user_has_withdrawn_the_app_is_refused(app_of, database):
    client = app_of()
    token = client.token()
    grants.revoke_client(database, client.client.id, client.user)

    invalid(client.refresh(token["refresh_token"]))
