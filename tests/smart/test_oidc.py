"""OpenID Connect: OIDC-1 to OIDC-6, read with a JOSE library that isn't the server's."""

from __future__ import annotations

import json
import time

import pytest
from jwcrypto import jwk, jwt

from fhirserver.app import open_keyring
from fhirserver.keys.sealer import Sealer
from fhirserver.oauth.signing import Signing
from tests.smart.dance import BASE, dancer


@pytest.fixture
def client(app, database):
    return dancer(app, database, fhir_user="Practitioner/doc1")


def claims_of(client, id_token):
    keys = jwk.JWKSet.from_json(client.http.get("/oauth/jwks").text)
    read = jwt.JWT(jwt=id_token, key=keys, algs=["RS256"])
    return json.loads(read.header), json.loads(read.claims)


def test_oidc_1_the_issuer_has_a_configuration(client):
    answer = client.http.get("/fhir/.well-known/openid-configuration")

    assert answer.status_code == 200
    assert answer.content_type.startswith("application/json")


def test_oidc_2_the_configuration_says_what_it_must(client):
    found = client.http.get("/.well-known/openid-configuration").json

    assert found["issuer"] == BASE
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        assert found[name]
    assert found["response_types_supported"] == ["code"]
    assert found["subject_types_supported"] == ["public"]


def test_oidc_3_the_keys_are_public_rsa_keys(client):
    keys = client.http.get("/oauth/jwks").json["keys"]

    assert keys
    assert all(k["kty"] == "RSA" and "d" not in k for k in keys)
    assert all(jwk.JWK(**k) for k in keys)


def test_oidc_4_to_6_the_id_token_says_who_signed_in(client):
    token = client.token(nonce="n-0S6")

    header, claims = claims_of(client, token["id_token"])

    assert header["alg"] == "RS256"
    assert header["kid"]
    assert (claims["iss"], claims["aud"]) == (BASE, client.client.id)
    assert claims["sub"] == client.user
    assert time.time() < claims["exp"] <= time.time() + 3600
    assert claims["iat"] <= time.time()
    assert claims["nonce"] == "n-0S6"
    assert claims["fhirUser"] == f"{BASE}/Practitioner/doc1"


def test_without_openid_there_is_no_id_token(client):
    assert "id_token" not in client.token("launch/patient patient/*.rs")


def test_without_fhir_user_it_is_not_told(client):
    token = client.token("launch/patient openid patient/*.rs")

    assert "fhirUser" not in claims_of(client, token["id_token"])[1]


def test_after_a_rotation_old_id_tokens_can_still_be_read(client, app, database):
    before = client.token()["id_token"]
    sealer = Sealer(open_keyring(app.extensions["fhirserver"].context.settings, database))
    signing = Signing(database, sealer)
    made = signing.rotate()

    published = jwk.JWKSet.from_json(json.dumps(signing.jwks()))

    assert signing.key().kid == made
    assert jwt.JWT(jwt=before, key=published, algs=["RS256"]).claims
    assert len(signing.jwks()["keys"]) >= 2


def test_private_keys_are_not_stored_as_they_are(client, database):
    client.token()

    rows = database.read("SELECT private FROM access.signing_key")

    assert rows
    assert not any(b"PRIVATE" in bytes(row[0]) for row in rows)
