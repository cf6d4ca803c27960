"""Attack 97: apps that register themselves."""

from __future__ import annotations

import pytest

from tests.security.test_tokens import registering


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["data:text/html,x"]},
        {"redirect_uris": ["http://app.example/back"]},
        {"redirect_uris": ["http://127.0.0.1.evil.example/back"]},
        {"redirect_uris": ["https://app.example/back#x"]},
        {"redirect_uris": ["https://good@evil.example/"]},
        {"redirect_uris": ["https://app.example/../back"]},
        {"redirect_uris": ["https://app.example/\r\n"]},
        {"redirect_uris": ["https:///back"]},
        {"redirect_uris": []},
        {"redirect_uris": "https://app.example/back"},
        {"redirect_uris": None},
        {"initiate_login_uri": "javascript:alert(1)"},
        {"logo_uri": "http://169.254.169.254/"},
        {"policy_uri": "javascript:alert(1)"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://app.example/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://127.0.0.1/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://localhost/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://10.0.0.7/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "file:///etc/passwd"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": ["none"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"response_types": ["token"]},
        {"scope": "system/*.rs"},
        {"scope": "nonsense"},
        {"scope": None},
        {"client_name": "a\nb"},
        {"software_statement": "eyJ.eyJ.x"},
    ],
)
def test_097_harmful_registrations_are_refused(make_app, changed):
    metadata = {
        "client_name": "App",
        "redirect_uris": ["https://app.example/back"],
        "token_endpoint_auth_method": "none",
        "scope": "launch/patient patient/*.rs",
        **changed,
    }

    answer = registering(make_app).post("/oauth/register", json=metadata)

    assert answer.status_code == 400
    assert answer.json["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff", b'{"a":' * 100])
def test_097_bodies_that_are_no_metadata_are_refused(make_app, body):
    answer = registering(make_app).post("/oauth/register", data=body)

    assert answer.status_code == 400


def test_097_one_address_registers_only_so_many_apps(make_app):
    http = registering(make_app)

    statuses = {http.post("/oauth/register", json={}).status_code for _ in range(200)}

    assert 429 in statuses


def test_097_there_is_a_bound_to_how_many_clients_register(make_app, database):
    count = database.read("SELECT count(*) FROM access.client")[0][0]
    http = make_app(client_registration="open", max_clients=count + 1).test_client()
    metadata = {
        "redirect_uris": ["https://app.example/back"],
        "token_endpoint_auth_method": "none",
        "scope": "launch/patient patient/*.rs",
    }

    statuses = [http.post("/oauth/register", json=metadata).status_code for _ in range(3)]

    assert statuses == [201, 400, 400]


def test_097_registration_is_off_unless_it_is_turned_on(app):
    assert app.test_client().post("/oauth/register", json={}).status_code == 404


def test_097_an_invitation_registers_one_client(make_app, database):
    from fhirserver.storage.clients import client_by_id, invite

    http = make_app(client_registration="token").test_client()
    metadata = {
        "redirect_uris": ["http://127.0.0.1/back", "org.example.app:/back"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "launch/patient patient/*.rs",
    }
    headers = {"Authorization": f"Bearer {invite(database, 60)}"}

    assert http.post("/oauth/register", json=metadata).status_code == 401
    made = http.post("/oauth/register", json=metadata, headers=headers)
    assert http.post("/oauth/register", json=metadata, headers=headers).status_code == 401

    assert made.status_code == 201
    client = client_by_id(database, made.json["client_id"])
    assert client.has_secret(made.json["client_secret"])
    assert made.json["client_secret"].encode() not in bytes(client.secret)
