"""Attacks 80 to 87: authorization codes, PKCE, redirects, and parameters of requests."""

from __future__ import annotations

import pytest

from tests.pace import soon
from tests.security.refusals import invalid
from tests.smart.dance import BASE, PATIENT, REDIRECT, told


def test_080_a_code_twice_ends_what_it_brought(app_of):
    client = app_of()
    code = client.code()
    token = client.exchange(code).json
    assert client.fhir(token["access_token"]).status_code == 404

    invalid(client.exchange(code))
    assert client.fhir(token["access_token"]).status_code == 401
    invalid(client.refresh(token["refresh_token"]))


def test_081_of_twenty_redemptions_at_once_one_brings_tokens(app_of, app, database, at_once):
    client = app_of()
    code = client.code()
    answers = []

    def redeem(number):
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": client.client.id,
            "code_verifier": client.verifier,
        }
        answers.append(app.test_client().post("/oauth/token", data=data).status_code)

    at_once(redeem, range(20))

    assert all(status in {200, 400} for status in answers)
    assert answers.count(200) <= 1
    rows = database.read(
        "SELECT count(*) FILTER (WHERE t.kind = 'access') FROM access.token t "
        "JOIN access.family f ON f.id = t.family WHERE f.client = %s",
        (client.client.id,),
    )
    assert rows[0][0] <= 1


def test_082_a_code_of_another_client_redirect_or_time_is_refused(app_of, database):
    one, other = app_of("symmetric"), app_of("symmetric")
    code = one.code()
    other.verifier = one.verifier
    invalid(other.exchange(code))

    invalid(one.exchange(one.code(), redirect_uri=f"{REDIRECT}/"))
    invalid(one.exchange(one.code(), redirect_uri=None))
    code = one.code()
    database.write("UPDATE access.authorization_code SET expires = now() - interval '1 second'")
    invalid(one.exchange(code))


def test_082_a_code_lives_a_minute_at_most(app_of, database):
    client = app_of()
    client.code()

    rows = database.read(
        "SELECT max(expires) <= now() + interval '60 seconds' FROM access.authorization_code "
        "WHERE client = %s",
        (client.client.id,),
    )
    assert rows == [(True,)]


@pytest.mark.parametrize("verifier", [None, "", "a" * 43, "a" * 129, "a" * 42, "ä" * 43])
def test_083_a_verifier_that_is_missing_or_wrong_is_refused(app_of, verifier):
    client = app_of()

    answer = client.exchange(client.code(), code_verifier=verifier)

    assert answer.status_code == 400
    assert answer.json["error"] in {"invalid_grant", "invalid_request"}


@pytest.mark.parametrize("method", ["plain", "s256", "", None, "S256 plain"])
def test_083_pkce_is_s256_or_nothing(app_of, method):
    back = told(app_of("symmetric").ask(code_challenge_method=method).location)

    assert back["error"] == "invalid_request"


@pytest.mark.parametrize(
    "aud",
    [
        None,
        "https://other.example/fhir",
        f"{BASE}.evil.example",
        f"{BASE}@evil.example",
        f"{BASE}/Patient",
        BASE.upper(),
        "http://127.0.0.1:8000",
    ],
)
def test_084_a_request_for_another_server_brings_no_code(app_of, aud):
    back = told(app_of().ask(aud=aud).location)

    assert back["error"] == "invalid_request"
    assert "code" not in back


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        f"{REDIRECT}/",
        f"{REDIRECT}/more",
        f"{REDIRECT}?a=b",
        f"{REDIRECT}#x",
        "https://app.example/BACK",
        "https://APP.example/back",
        "https://app.example:443/back",
        "https://app.example/../back",
        "https://app.example/x/../back",
        "https://app.example%2Fback",
        "https://app.example@evil.example/back",
        "https://app.example.evil.example/back",
        "http://app.example/back",
        "//app.example/back",
        "javascript:alert(1)",
        "https://app.example/back\r\nLocation: https://evil.example",
        'https://app.example/"><script>',
        "https://app.example/bäck",
    ],
)
@pytest.mark.parametrize("is_wrong_otherwise", [False, True])
def test_085_a_redirect_that_almost_matches_is_never_followed(app_of, address, is_wrong_otherwise):
    more = {"response_type": "token", "scope": "nonsense"} if is_wrong_otherwise else {}

    answer = app_of().ask(redirect_uri=address, **more)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "<script>" not in answer.text


def test_085_an_unknown_client_s_request_is_a_page_and_no_redirect(app_of):
    answer = app_of().ask(client_id="nobody")

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["state", "nonce", "scope", "launch", "client_id", "aud"])
@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "x" * 100_000, "a\0b", "a\x7fb", "ü"])
def test_086_line_breaks_and_megabytes_in_parameters_are_refused(app_of, name, value):
    answer = app_of().ask(**{name: value})

    assert answer.status_code in {400, 413, 414}
    assert "Location" not in answer.headers
    assert not any("x=1" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "name", ["client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "nonce", "x"]
)
def test_087_a_parameter_twice_is_refused_at_the_authorize_address(app_of, name):
    from urllib.parse import urlencode

    client = app_of()
    asked = {"nonce": "1", "x": "1", **client.parameters()}
    pairs = [*asked.items(), (name, asked[name])]

    assert client.http.get(f"/oauth/authorize?{urlencode(pairs)}").status_code == 400
    form = {"content_type": "application/x-www-form-urlencoded"}
    twice = client.http.post("/oauth/authorize", data=urlencode(pairs), **form)
    assert twice.status_code == 400
    query = urlencode([(name, "other")])
    answer = client.http.post(f"/oauth/authorize?{query}", data=asked)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["grant_type", "code", "client_id", "code_verifier"])
def test_087_a_parameter_twice_is_refused_at_the_token_address(app_of, name):
    client = app_of()
    values = {
        "grant_type": "authorization_code",
        "code": client.code(),
        "redirect_uri": REDIRECT,
        "client_id": client.client.id,
        "code_verifier": client.verifier,
    }
    twice = values | {name: [values[name], "other"]}

    invalid(client.http.post("/oauth/token", data=twice), "invalid_request")
    answer = client.http.post(f"/oauth/token?{name}=other", data=values)
    invalid(answer, "invalid_request")


def test_secrets_are_not_stored_as_they_are(app_of, database):
    client = app_of("symmetric")
    code = client.code()
    token = client.exchange(code).json
    everything = str(
        database.read(
            "SELECT c::text FROM access.client c UNION ALL SELECT t::text FROM access.token t "
            "UNION ALL SELECT r::text FROM access.redeemed_code r "
            "UNION ALL SELECT f::text FROM access.family f"
        )
    )

    for secret in (client.secret, code, token["access_token"], token["refresh_token"]):
        assert secret not in everything
        assert secret.encode().hex() not in everything


def test_an_old_authorization_request_is_over(app_of, database):
    client = app_of()
    id_ = client.waits(client.ask(PATIENT))
    database.write("UPDATE access.pending SET expires = now() - interval '1 second'")

    assert client.requests.find(id_, client.who) is None


def test_a_request_is_its_first_user_s_only(app_of):
    client, other = app_of(), app_of()
    id_ = client.waits(client.ask(PATIENT))

    assert other.requests.find(id_, other.who) is None
    assert client.requests.find(id_, client.who) is not None


def test_the_token_endpoint_answers_quickly_for_garbage(app_of):
    client = app_of()
    with soon(5):
        for value in ("x" * 1900, "..", "a.b.c"):
            client.http.post(
                "/oauth/token",
                data={"grant_type": "authorization_code", "code": value, "client_id": value},
            )
