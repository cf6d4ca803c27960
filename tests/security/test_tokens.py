"""Attacks 66 to 79: forged tokens, assertions and keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from itertools import count

import pytest
from jwcrypto import jwk

from fhirserver.oauth.server import SmartServer
from fhirserver.storage import sessions
from tests.pace import soon
from tests.smart.dance import ASSERTION, TOKEN, assertion, dancer, key_pair, public, service


@pytest.fixture(scope="module")
def backend(app, database):
    return service(app, database, "RS384")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(client, header: dict, sign=lambda data: b"", **claims) -> str:
    """A JWT of the client's, with a header and a signature that nobody would make by accident."""
    body = {
        "iss": client.client.id,
        "sub": client.client.id,
        "aud": TOKEN,
        "exp": int(time.time()) + 200,
        "jti": b64(hashlib.sha256(json.dumps(header).encode()).digest()),
        **claims,
    }
    data = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(body).encode())}"
    return f"{data}.{b64(sign(data.encode()))}"


def asked(client, signed: str):
    return client.http.post(
        "/oauth/token",
        data={
            "grant_type": "client_credentials",
            "scope": "system/*.rs",
            "client_assertion_type": ASSERTION,
            "client_assertion": signed,
        },
    )


def refused(client, signed: str) -> None:
    """As an assertion and as an access token."""
    answer = asked(client, signed)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), answer.text
    assert client.fhir(signed).status_code == 401


@pytest.fixture
def no_fetch(monkeypatch):
    """The server opens no connection to anybody."""

    def fail(*arguments):
        raise AssertionError("an address was fetched")

    monkeypatch.setattr("fhirserver.egress.socket.create_connection", fail)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
def test_066_a_token_without_a_signature_is_refused(backend, alg):
    refused(backend, forged(backend, {"alg": alg, "kid": backend.key.get("kid")}))


@pytest.mark.parametrize("alg", ["HS256", "HS384"])
def test_067_a_token_signed_with_the_public_key_as_a_secret_is_refused(backend, alg):
    digest = hashlib.sha256 if alg == "HS256" else hashlib.sha384
    for secret in (backend.key.export_to_pem(), backend.key.export_public().encode()):
        header = {"alg": alg, "kid": backend.key.get("kid")}
        signed = forged(backend, header, lambda d, s=secret: hmac.new(s, d, digest).digest())
        refused(backend, signed)


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
@pytest.mark.parametrize("kid", [True, False])
def test_068_a_key_that_comes_with_the_token_is_not_used(backend, no_fetch, name, kid):
    own = key_pair("RS384")
    value = {
        "jwk": json.loads(own.export_public()),
        "jku": "https://evil.example/keys",
        "x5u": "https://evil.example/cert",
        "x5c": ["MIIB"],
    }[name]
    header = {name: value, "kid": backend.key.get("kid") if kid else None}

    refused(backend, assertion(backend.client.id, own, "RS384", header))


def test_069_an_extension_that_nobody_knows_is_refused(backend):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    pem = backend.key.export_to_pem(private_key=True, password=None)
    key = serialization.load_pem_private_key(pem, None)

    def sign(data):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA384())

    header = {"alg": "RS384", "kid": backend.key.get("kid")}
    assert asked(backend, forged(backend, header, sign)).status_code == 200
    refused(backend, forged(backend, {**header, "crit": ["exp2"], "exp2": 1}, sign))
    refused(backend, forged(backend, {**header, "crit": ["b64"], "b64": False}, sign))


def test_070_a_header_of_a_megabyte_is_refused_before_it_is_read(backend):
    with soon(2):
        answer = asked(backend, forged(backend, {"alg": "RS384", "kid": "k" * 1_000_000}))

        assert answer.status_code in {400, 413}
    token = {"Authorization": "Bearer " + "x" * 1_000_000}
    assert backend.http.get("/fhir/Patient", headers=token).status_code in {400, 401, 431}


@pytest.mark.parametrize(
    "kid", ["../../key", "/etc/passwd", "' OR 1=1 --", "\0", "https://evil.example/k", 7, {}, [1]]
)
def test_071_a_key_id_is_a_name_and_nothing_else(backend, no_fetch, kid):
    refused(backend, forged(backend, {"alg": "RS384", "kid": kid}, lambda d: b"x" * 256))


@pytest.mark.parametrize(
    "changed",
    [{"exp": -61}, {"exp": -3600}, {"nbf": 90}, {"nbf": 3600}, {"iat": 3600}],
    ids=lambda c: "".join(f"{k}{v:+}" for k, v in c.items()),
)
def test_072_an_assertion_before_or_after_its_time_is_refused(backend, changed):
    now = int(time.time())
    times = {name: now + seconds for name, seconds in changed.items()}

    refused(backend, assertion(backend.client.id, backend.key, "RS384", **times))


def test_072_a_little_difference_of_clocks_is_forgiven(backend):
    now = int(time.time())
    signed = assertion(
        backend.client.id, backend.key, "RS384", exp=now + 250, nbf=now + 30, iat=now + 30
    )

    assert asked(backend, signed).status_code == 200


def test_072_an_access_token_ends_at_its_time(app, database):
    client = dancer(app, database)
    token = client.token()["access_token"]
    database.write("UPDATE access.token SET expires = now()")

    assert client.fhir(token).status_code == 401


def test_073_an_id_token_is_no_access_token(app, database):
    client = dancer(app, database)

    assert client.fhir(client.token()["id_token"]).status_code == 401


@pytest.mark.parametrize(
    "aud",
    [
        "https://other.example/oauth/token",
        "http://127.0.0.1:8000/oauth/token/",
        "http://127.0.0.1:8000/oauth/authorize",
        ["https://other.example"],
        "",
        7,
    ],
)
def test_074_a_token_for_another_server_is_refused(backend, aud):
    refused(backend, assertion(backend.client.id, backend.key, "RS384", aud=aud))


def test_075_a_token_of_an_ended_session_ends_with_it_on_every_process(app, make_app, database):
    client = dancer(app, database)
    token = client.token("launch/patient patient/*.rs")["access_token"]
    other = make_app().test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert other.get("/fhir/Patient/nobody", headers=headers).status_code == 404
    assert client.fhir(token).status_code == 404
    sessions.end(database, client.session, client.user)

    assert client.fhir(token).status_code == 401
    assert other.get("/fhir/Patient/nobody", headers=headers).status_code == 401


def test_076_of_twenty_uses_of_an_assertion_at_once_one_succeeds(backend, app, at_once):
    signed = assertion(backend.client.id, backend.key, "RS384")
    answers = []

    def use(number):
        data = {
            "grant_type": "client_credentials",
            "scope": "system/*.rs",
            "client_assertion_type": ASSERTION,
            "client_assertion": signed,
        }
        answers.append(app.test_client().post("/oauth/token", data=data).status_code)

    at_once(use, range(20))

    assert sorted(answers) == [200] + [401] * 19


@pytest.mark.parametrize("seconds", [400, 3600, 10**9])
def test_077_an_assertion_that_lives_too_long_is_refused(backend, seconds):
    exp = int(time.time()) + seconds

    refused(backend, assertion(backend.client.id, backend.key, "RS384", exp=exp))


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["soon", "99999999999", True, 10**400, 1e300, -(10**400), [], {}])
def test_078_times_that_are_no_numbers_are_refused_and_break_nothing(backend, name, value):
    if name != "exp" and value == -(10**400):
        pytest.skip("a time long ago is a time")

    refused(backend, assertion(backend.client.id, backend.key, "RS384", **{name: value}))


@pytest.mark.parametrize(
    "jti", ["", "x" * 2000, 7, ["a"], {"a": 1}, True], ids=lambda v: str(v)[:10]
)
def test_078_ids_that_are_none_are_refused_and_break_nothing(backend, jti):
    refused(backend, assertion(backend.client.id, backend.key, "RS384", jti=jti))


@pytest.mark.parametrize("sub", ["\0", "x" * 3000, 7, ["a"], {"a": 1}, "' OR 1=1 --"])
def test_078_subjects_that_are_none_are_refused_and_break_nothing(backend, sub):
    refused(backend, assertion(backend.client.id, backend.key, "RS384", sub=sub, iss=sub))


WEAK = {
    "RSA of 1024 bits": lambda: public(jwk.JWK.generate(kty="RSA", size=1024, kid="k")),
    "another curve": lambda: public(jwk.JWK.generate(kty="EC", crv="P-256", kid="k")),
    "a secret": lambda: {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k"}]},
    "a private key": lambda: {"keys": [json.loads(key_pair().export_private())]},
    "no key id": lambda: {"keys": [{**public(key_pair())["keys"][0], "kid": None}]},
    "no keys": lambda: {"keys": []},
    "no set": list,
    "garbage": lambda: {"keys": [{"kty": "RSA", "n": "!", "e": "AQAB", "kid": "k"}]},
}


@pytest.mark.parametrize("weak", WEAK)
def test_079_a_key_that_is_too_weak_is_not_registered(make_app, weak):
    answer = registering(make_app).post(
        "/oauth/register",
        json={
            "redirect_uris": ["https://app.example/back"],
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": "launch/patient patient/*.rs",
            "jwks": WEAK[weak](),
        },
    )

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")


_apps: dict[str, object] = {}
_callers = count(1)


def registering(make_app):
    """A browserless caller of a server that lets everybody register."""
    app = _apps.get("open") or _apps.setdefault("open", make_app(client_registration="open"))
    http = app.test_client()
    # From an address of its own, as only so many may come from one.
    http.environ_base["REMOTE_ADDR"] = f"127.0.{next(_callers)}.1"
    return http


def test_079_a_weak_key_in_the_database_is_not_used(app, database):
    weak = jwk.JWK.generate(kty="RSA", size=1024, kid="k")
    client = service(app, database, jwks=public(weak))

    refused(client, assertion(client.client.id, weak, "RS384"))


def test_no_token_is_written_to_the_log(app, database, caplog):
    caplog.set_level("DEBUG")
    client = dancer(app, database, "symmetric")

    token = client.token()
    client.refresh(token["refresh_token"])

    assert SmartServer
    for secret in (token["access_token"], token["refresh_token"], client.secret):
        assert secret not in caplog.text
