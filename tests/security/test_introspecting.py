"""Attack 98: who may ask what a token is."""

from __future__ import annotations

import pytest


def test_098_tokens_of_others_are_not_active_for_a_client(app_of):
    owner, other = app_of("symmetric"), app_of("symmetric")
    token = owner.token()

    for secret in (token["access_token"], token["refresh_token"]):
        answer = other.send("/oauth/introspect", token=secret)
        assert (answer.status_code, answer.json) == (200, {"active": False})


@pytest.mark.parametrize("kind", ["public", "symmetric", "asymmetric"])
def test_098_who_does_not_prove_who_they_are_is_told_nothing(app_of, kind):
    client = app_of(kind)
    token = client.token()["access_token"]
    nothing = {"token": token, "client_id": client.client.id}

    for data, headers in (
        (nothing, {}),
        ({**nothing, "client_secret": "wrong"}, {}),
        ({"token": token}, {"Authorization": "Basic gICAgA=="}),
        ({"token": token}, {"Authorization": "Basic !!"}),
        ({"token": token}, {"Authorization": "Bearer nonsense"}),
        ({"token": token}, {}),
    ):
        answer = client.http.post("/oauth/introspect", data=data, headers=headers)
        assert answer.status_code == 401, (data, headers)
        assert "active" not in answer.json


def test_098_a_client_proves_itself_on_introspection_in_its_own_way_only(app_of):
    client = app_of("asymmetric")
    token = client.token()["access_token"]
    client.key, client.secret = None, "anything"

    assert client.send("/oauth/introspect", token=token).status_code == 401
