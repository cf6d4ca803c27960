"""An app's dance with the authorization server, with the user's part done without pages.

Assertions are made with jwcrypto, which shares no code with the server's JOSE library.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from jwcrypto import jwk, jwt
from werkzeug.test import TestResponse

from fhirserver import clock, ids
from fhirserver.access.principal import User
from fhirserver.oauth.session import SignedIn
from fhirserver.oauth.waiting_requests import WaitingRequests
from fhirserver.settings import Settings
from fhirserver.storage import sessions, users
from fhirserver.storage.clients import Client, add_client, new_secret
from fhirserver.storage.database import Database

_callers = count(1)
BASE = "http://127.0.0.1:8000/fhir"
TOKEN = "http://127.0.0.1:8000/oauth/token"
REDIRECT = "https://app.example/back"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EVERYTHING = (
    "launch launch/patient launch/encounter openid fhirUser profile offline_access online_access "
    "patient/*.cruds user/*.cruds"
)
PATIENT = "launch/patient openid fhirUser offline_access patient/*.rs"


def key_pair(algorithm: str = "ES384", **more: Any) -> jwk.JWK:
    """A key of a client, private half included."""
    kinds = {"ES384": {"kty": "EC", "crv": "P-384"}, "RS384": {"kty": "RSA", "size": 2048}}
    return jwk.JWK.generate(**{**kinds[algorithm], "kid": ids.new(), **more})


def public(*keys: jwk.JWK) -> dict[str, Any]:
    return {"keys": [json.loads(k.export_public()) for k in keys]}


def assertion(
    client_id: str, key: jwk.JWK, algorithm: str = "ES384", header: dict | None = None, **changed
) -> str:
    """A client assertion; a claim or header that is None is left out."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": TOKEN,
        "exp": int(time.time()) + 240,
        "jti": ids.new(),
        **changed,
    }
    head = {"alg": algorithm, "kid": key.get("kid"), "typ": "JWT", **(header or {})}
    made = jwt.JWT(
        header={k: v for k, v in head.items() if v is not None},
        claims={k: v for k, v in claims.items() if v is not None},
    )
    made.make_signed_token(key)
    return made.serialize()


@dataclass
class Dancer:
    """A client and its user."""

    app: Flask
    database: Database
    client: Client
    http: FlaskClient
    secret: str | None = None
    key: jwk.JWK | None = None
    algorithm: str = "ES384"
    user: str = ""
    session: str = ""
    cookie: str = ""
    fhir_user: str | None = None
    verifier: str = ""
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> WaitingRequests:
        return WaitingRequests(self.database, Settings())

    @property
    def who(self) -> SignedIn:
        user = User(self.user, "Somebody", self.fhir_user)
        return SignedIn(self.session, user, "Somebody", clock.now(), ("password",))

    def parameters(self, scope: str = PATIENT, **changed: str | None) -> dict[str, str]:
        self.verifier = secrets.token_urlsafe(48)
        challenge = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": REDIRECT,
            "scope": scope,
            "state": "st&te=1",
            "aud": BASE,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changed,
        }
        return {k: v for k, v in asked.items() if v is not None}

    def ask(self, scope: str = PATIENT, **changed: str | None) -> TestResponse:
        """The answer of the authorize address to somebody who has signed in."""
        return self.http.get("/oauth/authorize?" + urlencode(self.parameters(scope, **changed)))

    def waits(self, answer: TestResponse) -> str:
        """The id of the request that waits now."""
        assert answer.status_code == 303, answer.text
        assert answer.location.startswith("/oauth/consent?"), answer.location
        return parse_qs(urlsplit(answer.location).query)["request"][0]

    def allowed(
        self,
        scope: str = PATIENT,
        *,
        patient: str | None = None,
        granted: str | None = None,
        **more,
    ) -> dict[str, str]:
        """What the app is told when the user allows it."""
        id_ = self.waits(self.ask(scope, **more))
        assert self.requests.find(id_, self.who)
        if patient is not None:
            self.requests.choose(id_, self.who, patient)
        scopes = tuple((granted or scope).split())
        return told(self.requests.allow(id_, self.who, scopes))

    def code(self, scope: str = PATIENT, *, patient: str | None = "p1", **more) -> str:
        return self.allowed(scope, patient=patient, **more)["code"]

    def proof(self) -> tuple[dict[str, str], dict[str, str]]:
        """Parameters and headers with which the client proves who it is."""
        if self.secret is not None:
            given = base64.b64encode(f"{self.client.id}:{self.secret}".encode()).decode()
            return {}, {"Authorization": f"Basic {given}"}
        if self.key is not None:
            signed = assertion(self.client.id, self.key, self.algorithm)
            return {"client_assertion_type": ASSERTION, "client_assertion": signed}, {}
        return {"client_id": self.client.id}, {}

    def send(self, path: str = "/oauth/token", **values: str | None) -> TestResponse:
        """A form of the client's, with its proof."""
        proof, headers = self.proof()
        data = {k: v for k, v in {**proof, **values}.items() if v is not None}
        return self.http.post(path, data=data, headers=headers)

    def exchange(self, code: str, **changed: str | None) -> TestResponse:
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
            **changed,
        }
        return self.send(**values)

    def token(self, scope: str = PATIENT, **more) -> dict[str, Any]:
        answer = self.exchange(self.code(scope, **more))
        assert answer.status_code == 200, answer.text
        return answer.json

    def refresh(self, token: str, **more: str) -> TestResponse:
        return self.send(grant_type="refresh_token", refresh_token=token, **more)

    def fhir(self, token: str, path: str = "Patient/nobody") -> TestResponse:
        return self.http.get(f"/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


MakeDancer = Callable[..., Dancer]


def dancer(
    app: Flask,
    database: Database,
    kind: str = "public",
    *,
    scope: str = EVERYTHING,
    roles: tuple[str, ...] = ("doctor",),
    fhir_user: str | None = "Practitioner/doc1",
    algorithm: str = "ES384",
    **more: Any,
) -> Dancer:
    """A registered client of a kind, and a user who has signed in."""
    secret = stored = key = None
    if kind == "symmetric":
        secret, stored = new_secret()
    if kind == "asymmetric":
        key = key_pair(algorithm)
        more = {"jwks": public(key), **more}
    client = Client(
        id=f"app-{ids.new()}",
        name="An app",
        kind=kind,
        secret=stored,
        redirect_uris=more.pop("redirect_uris", (REDIRECT,)),
        scope=scope,
        **more,
    )
    with database.transaction() as connection:
        add_client(connection, client)
    account = users.add(database, f"user-{ids.new()}", fhir_user=fhir_user, roles=roles)
    cookie = sessions.start(database, account.id, ["password"])
    found = sessions.live(database, cookie, sessions.Limits(900, 9000))
    http = app.test_client()
    # From an address of its own: only so many refusals may come from one.
    number = next(_callers)
    http.environ_base["REMOTE_ADDR"] = f"10.{number // 250 % 250}.{number % 250}.1"
    http.set_cookie("fhirserver-session", cookie)
    return Dancer(
        app, database, client, http, secret, key, algorithm,
        user=account.id, session=found[0].id, cookie=cookie, fhir_user=fhir_user,
    )  # fmt: skip


def service(app: Flask, database: Database, algorithm: str = "ES384", **more: Any) -> Dancer:
    """A backend service."""
    more = {"scope": "system/*.rs", "grant_types": ("client_credentials",), **more}
    return dancer(app, database, "asymmetric", algorithm=algorithm, redirect_uris=(), **more)


def told(address: str) -> dict[str, str]:
    """The parameters with which a browser comes back to the app."""
    return {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
