"""Failure cases of the checklist: NEG-1 to NEG-9."""

from __future__ import annotations

import pytest

from tests.smart.dance import PATIENT, REDIRECT, dancer, told


@pytest.fixture
def app_of(app, database):
    return lambda kind="public", **more: dancer(app, database, kind, **more)


def test_neg_1_a_wrong_aud_brings_no_code(app_of):
    answer = app_of().ask(aud="https://other.example/fhir")

    assert answer.status_code == 303
    back = told(answer.location)
    assert answer.location.startswith(REDIRECT)
    assert (back["error"], back["state"]) == ("invalid_request", "st&te=1")
    assert "code" not in back


def test_neg_1_no_aud_brings_no_code(app_of):
    assert "error" in told(app_of().ask(aud=None).location)


def test_neg_2_a_bad_code_is_refused_with_400(app_of):
    answer = app_of().exchange("nonsense")

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("kind", ["public", "symmetric"])
def test_neg_3_a_bad_client_is_refused_with_401(app_of, kind):
    client = app_of(kind)
    code = client.code()
    object.__setattr__(client.client, "id", "nobody")

    answer = client.exchange(code)

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "verifier", [None, "", "x" * 43, "challenge"], ids=["none", "blank", "wrong", "plain"]
)
@pytest.mark.parametrize("kind", ["public", "symmetric", "asymmetric"])
def test_neg_4_to_7_a_verifier_that_is_none_or_wrong_is_refused(app_of, kind, verifier):
    client = app_of(kind)
    code = client.code()
    if verifier == "challenge":
        import base64
        import hashlib

        digest = hashlib.sha256(client.verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    answer = client.exchange(code, code_verifier=verifier)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("more", [{}, {"scope": "patient/*.rs"}])
def test_neg_8_an_unknown_refresh_token_is_refused(app_of, more):
    answer = app_of().refresh("nonsense", **more)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


def test_neg_9_a_code_of_another_client_is_refused(app_of):
    one, other = app_of(), app_of()
    code = one.code()
    other.verifier = one.verifier

    assert other.exchange(code).json["error"] == "invalid_grant"


def test_neg_9_another_redirect_uri_is_refused(app_of):
    client = app_of()

    answer = client.exchange(client.code(), redirect_uri="https://app.example/other")

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


def test_neg_9_an_expired_code_is_refused(app_of, database):
    client = app_of()
    code = client.code()
    database.write("UPDATE access.authorization_code SET expires = now()")

    assert client.exchange(code).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": "short"},
    ],
)
@pytest.mark.parametrize("kind", ["public", "symmetric", "asymmetric"])
def test_neg_9_a_request_without_s256_is_refused(app_of, kind, changed):
    back = told(app_of(kind).ask(PATIENT, **changed).location)

    assert back["error"] == "invalid_request"
    assert "code" not in back


def test_errors_of_the_token_endpoint_are_not_kept(app_of):
    answer = app_of().exchange("nonsense")

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.content_type == "application/json"
