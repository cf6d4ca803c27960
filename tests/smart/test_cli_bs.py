"""Kinds of clients and backend services: CLI-1 to CLI-3, BS-1 to BS-5.

The client's side is jwcrypto. BS-1 and SA-3, TLS 1.2 at least, are the web server's tests.
"""

from __future__ import annotations

import time

import pytest

from tests.smart.dance import ASSERTION, assertion, dancer, key_pair, public, service


def asked(client, signed, **more):
    values = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
        **more,
    }
    return client.http.post("/oauth/token", data={k: v for k, v in values.items() if v is not None})


@pytest.fixture
def backend(app, database):
    return service(app, database)


def test_cli_1_a_public_app_needs_no_secret_and_pages_may_call(app, database):
    client = dancer(app, database)
    values = {
        "grant_type": "authorization_code",
        "code": client.code(),
        "redirect_uri": "https://app.example/back",
        "code_verifier": client.verifier,
        "client_id": client.client.id,
    }

    answer = client.http.post(
        "/oauth/token", data=values, headers={"Origin": "https://app.example"}
    )

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    headers = {
        "Origin": "https://app.example",
        "Authorization": f"Bearer {answer.json['access_token']}",
    }
    read = client.http.get("/fhir/Patient/nobody", headers=headers)
    assert read.headers["Access-Control-Allow-Origin"] == "*"


def test_cli_2_a_symmetric_client_uses_basic_or_the_body(app, database):
    client = dancer(app, database, "symmetric")

    by_basic = client.exchange(client.code())
    secret, client.secret = client.secret, None
    by_post = client.exchange(client.code(), client_secret=secret, client_id=client.client.id)

    assert (by_basic.status_code, by_post.status_code) == (200, 200)


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_cli_3_an_asymmetric_client_signs(app, database, algorithm):
    client = dancer(app, database, "asymmetric", algorithm=algorithm)

    assert client.token()["access_token"]


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_bs_5_a_service_gets_a_token_and_uses_it(app, database, algorithm):
    client = service(app, database, algorithm)

    answer = asked(client, assertion(client.client.id, client.key, algorithm))

    assert answer.status_code == 200, answer.text
    token = answer.json
    assert token["token_type"].lower() == "bearer"
    assert token["expires_in"] == 300
    assert token["scope"] == "system/*.rs"
    assert "refresh_token" not in token
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.fhir(token["access_token"], "Patient?_count=1").status_code == 200


@pytest.mark.parametrize("grant", ["password", "not_a_grant", None, "implicit"])
def test_bs_2_another_grant_type_is_refused(backend, grant):
    signed = assertion(backend.client.id, backend.key)

    answer = asked(backend, signed, grant_type=grant)

    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("kind", ["not_a_type", None])
def test_bs_3_another_assertion_type_is_refused(backend, kind):
    signed = assertion(backend.client.id, backend.key)

    answer = asked(backend, signed, client_assertion_type=kind)

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def other_key(client):
    key = key_pair(kid=client.key.get("kid"))
    return assertion(client.client.id, key)


def unsigned(client):
    parts = assertion(client.client.id, client.key).split(".")
    import base64

    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{parts[1]}."


INVALID = {
    "garbage": lambda c: "garbage",
    "wrong key": other_key,
    "unsigned": unsigned,
    "wrong aud": lambda c: assertion(c.client.id, c.key, aud="https://other.example/token"),
    "no aud": lambda c: assertion(c.client.id, c.key, aud=None),
    "expired": lambda c: assertion(c.client.id, c.key, exp=int(time.time()) - 120),
    "far end": lambda c: assertion(c.client.id, c.key, exp=int(time.time()) + 3600),
    "no end": lambda c: assertion(c.client.id, c.key, exp=None),
    "no jti": lambda c: assertion(c.client.id, c.key, jti=None),
    "unknown key id": lambda c: assertion(c.client.id, c.key, header={"kid": "other"}),
    "no key id": lambda c: assertion(c.client.id, c.key, header={"kid": None}),
    "other issuer": lambda c: assertion(c.client.id, c.key, iss="somebody"),
    "other subject": lambda c: assertion(c.client.id, c.key, sub="somebody"),
    "not yet": lambda c: assertion(c.client.id, c.key, nbf=int(time.time()) + 200),
}


@pytest.mark.parametrize("wrong", INVALID)
def test_bs_4_an_invalid_assertion_is_refused(backend, wrong):
    answer = asked(backend, INVALID[wrong](backend))

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_bs_4_an_assertion_works_once(backend):
    signed = assertion(backend.client.id, backend.key)

    assert asked(backend, signed).status_code == 200
    assert asked(backend, signed).status_code == 401


@pytest.mark.parametrize(
    "scope", ["patient/*.rs", "user/*.rs", "openid", "launch/patient", None, "system/*.cruds"]
)
def test_a_service_asks_for_scopes_of_systems_it_is_registered_for(backend, scope):
    answer = asked(backend, assertion(backend.client.id, backend.key), scope=scope)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize("kind", ["public", "symmetric"])
def test_only_clients_with_keys_are_services(app, database, kind):
    client = dancer(app, database, kind, scope="system/*.rs", grant_types=("client_credentials",))

    answer = client.send(grant_type="client_credentials", scope="system/*.rs")

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_an_app_is_no_service(app, database):
    client = dancer(app, database, "asymmetric", scope="system/*.rs")

    answer = asked(client, assertion(client.client.id, client.key))

    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")


def test_a_client_can_have_keys_of_both_kinds(app, database):
    rsa, ec = key_pair("RS384"), key_pair("ES384")
    client = service(app, database, jwks=public(rsa, ec))

    for key, algorithm in ((rsa, "RS384"), (ec, "ES384")):
        assert asked(client, assertion(client.client.id, key, algorithm)).status_code == 200
