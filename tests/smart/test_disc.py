"""Discovery: DISC-1 to DISC-8, and what else the documents promise."""

from __future__ import annotations

import pytest

from tests.answers import done

SMART = "/fhir/.well-known/smart-configuration"
OPENID = ["/.well-known/openid-configuration", "/fhir/.well-known/openid-configuration"]
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
STANDALONE = (
    "launch-standalone client-public client-confidential-symmetric "
    "client-confidential-asymmetric sso-openid-connect context-standalone-patient "
    "permission-offline permission-patient authorize-post permission-v1 permission-v2"
)
EHR = (
    "launch-ehr client-confidential-symmetric client-confidential-asymmetric sso-openid-connect "
    "context-banner context-style context-ehr-patient context-ehr-encounter permission-offline "
    "permission-user authorize-post permission-v1 permission-v2"
)


@pytest.fixture
def anybody(app):
    return app.test_client()


@pytest.fixture
def found(anybody):
    return anybody.get(SMART).json


def test_disc_1_the_configuration_needs_no_token(anybody):
    answer = anybody.get(SMART)

    assert answer.status_code == 200
    assert answer.content_type.startswith("application/json")
    assert isinstance(answer.json, dict)


def test_disc_2_what_must_be_there_is_there(found):
    for name in ("authorization_endpoint", "token_endpoint"):
        assert found[name].startswith("http://127.0.0.1:8000/oauth/")
    for name in ("capabilities", "grant_types_supported", "code_challenge_methods_supported"):
        assert found[name]
        assert all(isinstance(each, str) and each for each in found[name])


def test_disc_3_pkce_is_s256_and_never_plain(found):
    assert "authorization_code" in found["grant_types_supported"]
    assert found["code_challenge_methods_supported"] == ["S256"]


def test_disc_4_openid_connect_has_an_issuer_and_keys(found):
    assert "sso-openid-connect" in found["capabilities"]
    assert found["issuer"] == "http://127.0.0.1:8000/fhir"
    assert found["jwks_uri"] == "http://127.0.0.1:8000/oauth/jwks"


@pytest.mark.parametrize("wanted", [STANDALONE, EHR], ids=["disc_5", "disc_6"])
def test_disc_5_and_6_the_capabilities_are_those_of_both_launches(found, wanted):
    assert set(wanted.split()) <= set(found["capabilities"])


def test_disc_7_the_capability_statement_says_the_same(anybody, found):
    security = done(anybody.get("/fhir/metadata"))["rest"][0]["security"]

    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    uris = next(e for e in security["extension"] if e["url"] == OAUTH_URIS)
    said = {e["url"]: e["valueUri"] for e in uris["extension"]}
    # The extension defines no part for introspection and revocation.
    assert said == {
        "authorize": found["authorization_endpoint"],
        "token": found["token_endpoint"],
        "manage": found["management_endpoint"],
    }


@pytest.mark.parametrize("path", [SMART, "/fhir/metadata", *OPENID, "/oauth/jwks"])
def test_disc_8_pages_of_other_origins_may_read_it(anybody, path):
    answer = anybody.get(path, headers={"Origin": "https://app.example"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/fhir/Patient", "/oauth/token"])
def test_browsers_are_told_before_that_they_may_call(anybody, path):
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    answer = anybody.options(path, headers=asked)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/signin", "/account", "/oauth/authorize", "/oauth/consent"])
def test_pages_for_people_are_not_for_other_origins(anybody, path):
    answer = anybody.get(path, headers={"Origin": "https://app.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_only_origins_of_the_setting_may_call(make_app):
    anybody = make_app(cors_origins="https://app.example").test_client()

    good = anybody.get(SMART, headers={"Origin": "https://app.example"})
    bad = anybody.get(SMART, headers={"Origin": "https://app.example.evil.example"})

    assert good.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Origin" in good.headers["Vary"]
    assert "Access-Control-Allow-Origin" not in bad.headers
    assert "Origin" in bad.headers["Vary"]


def test_addresses_follow_the_base(make_app):
    anybody = make_app(base_url="https://hospital.example/r4/fhir").test_client()

    found = anybody.get(SMART).json

    assert found["issuer"] == "https://hospital.example/r4/fhir"
    assert found["token_endpoint"] == "https://hospital.example/r4/oauth/token"


def test_registration_is_offered_only_where_it_works(make_app, found):
    offered = make_app(client_registration="open").test_client().get(SMART).json

    assert "registration_endpoint" not in found
    assert offered["registration_endpoint"].endswith("/oauth/register")


def test_no_grant_is_offered_that_gives_tokens_away(found):
    assert found["response_types_supported"] == ["code"]
    assert set(found["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
    }
