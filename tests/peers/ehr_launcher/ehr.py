"""Another hospital's EHR: a page that opens an app with its patient, and its authorization server.

It shares no code with ours, and is strict about what an app must send.
https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from tests.peers.ehr_launcher import fhir
from tests.peers.ehr_launcher.data import DOCTOR, ENCOUNTER, PATIENT, record
from tests.peers.loopback import serving

LIFETIME_SECONDS = 600


class Ehr:
    """An EHR in which a doctor has signed in and a patient is open.

    `app_address` is where the app is opened and gets its code, `client_id` what it is registered as
    here. `refused` has the reasons for which a request wasn't as the standard wants it.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.app_address = ""
        self.client_id = ""
        self.refused: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.granted: dict[str, str] = {}
        self.said: dict[str, str] = {}
        """The parameters of the newest authorize request."""
        self._launches: set[str] = set()
        self._codes: dict[str, dict[str, str]] = {}
        self._key = JWK.generate(kty="RSA", size=2048, kid="ehr", use="sig")
        self.app = self._app()

    @property
    def iss(self) -> str:
        return f"{self.root}/r4"

    def _app(self) -> Flask:
        app = Flask("ehr-launcher", static_folder=None)
        app.url_map.strict_slashes = False

        @app.before_request
        def preflight() -> Response | None:
            self.requests.append((request.method, request.path))
            return Response(status=204) if request.method == "OPTIONS" else None

        @app.after_request
        def share(response: Response) -> Response:
            app_at = urlsplit(self.app_address)
            if request.headers.get("Origin") == f"{app_at.scheme}://{app_at.netloc}":
                response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
                response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
                response.headers["Access-Control-Allow-Headers"] = request.headers.get(
                    "Access-Control-Request-Headers", "Authorization"
                )
            return response

        @app.get("/")
        def chart() -> str:
            return (
                "<!doctype html><html lang='en'><title>Nordby EHR</title><h1>Nordby EHR</h1>"
                f"<p>Open: {escape(PATIENT)}</p><a href='/open'>Open the chart</a></html>"
            )

        @app.get("/open")
        def open_app() -> Response:
            launch = secrets.token_urlsafe(16)
            self._launches.add(launch)
            return redirect(  # type: ignore[return-value]
                f"{self.app_address}?{urlencode({'iss': self.iss, 'launch': launch})}"
            )

        @app.get("/r4/.well-known/smart-configuration")
        def configuration() -> Response:
            return jsonify(
                issuer=self.iss,
                jwks_uri=f"{self.root}/keys",
                authorization_endpoint=f"{self.root}/sign-in/authorize",
                token_endpoint=f"{self.root}/sign-in/token",
                grant_types_supported=["authorization_code"],
                code_challenge_methods_supported=["S256"],
                capabilities=["launch-ehr", "client-public", "context-ehr-patient"],
            )

        @app.get("/keys")
        def keys() -> Response:
            return jsonify(keys=[json.loads(self._key.export_public())])

        @app.get("/sign-in/authorize")
        def authorize() -> Any:
            asked = self.said = request.args.to_dict()
            if reason := self._fault(asked):
                self.refused.append(reason)
                return reason, 400
            self._launches.discard(asked["launch"])
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
            return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")

        @app.post("/sign-in/token")
        def token() -> Any:
            asked = self._codes.pop(request.form.get("code", ""), None)
            if asked is None or not self._is_proven(asked):
                self.refused.append("the token request doesn't fit its code")
                return jsonify(error="invalid_grant"), 400
            access = secrets.token_urlsafe(24)
            granted = self.granted[access] = _granted(asked["scope"])
            return jsonify(
                access_token=access,
                token_type="Bearer",
                expires_in=LIFETIME_SECONDS,
                scope=granted,
                id_token=self._id_token(asked["nonce"]),
                patient=PATIENT,
                encounter=ENCOUNTER,
                need_patient_banner=True,
            )

        app.register_blueprint(fhir.blueprint(fhir.Record(record()), self.granted.__contains__))
        return app

    def _fault(self, asked: dict[str, str]) -> str | None:
        """What is wrong with an authorize request."""
        if asked.get("response_type") != "code":
            return "response_type is not code"
        if asked.get("client_id") != self.client_id:
            return f"the client {asked.get('client_id')} is not registered here"
        if asked.get("redirect_uri") != self.app_address:
            return f"{asked.get('redirect_uri')} is not the registered address"
        if asked.get("aud") != self.iss:
            return "aud is not the FHIR base"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "PKCE with S256 is missing"
        if len(asked.get("state", "")) < 16:
            return "state can be guessed"
        if "launch" not in asked.get("scope", "").split():
            return "the scope launch is missing"
        if asked.get("launch") not in self._launches:
            return "the launch is unknown"
        return None

    def _is_proven(self, asked: dict[str, str]) -> bool:
        form = request.form
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        return (
            form.get("grant_type") == "authorization_code"
            and form.get("client_id") == self.client_id
            and form.get("redirect_uri") == asked["redirect_uri"]
            and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        )

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.iss,
            "sub": "nils",
            "aud": self.client_id,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "nonce": nonce,
            "fhirUser": f"{self.iss}/Practitioner/{DOCTOR}",
        }
        made = JWT(header={"alg": "RS256", "kid": "ehr"}, claims=claims)
        made.make_signed_token(self._key)
        return str(made.serialize())


def _granted(scope: str) -> str:
    """What this EHR lets an app do: read what there is here, as long as its user looks on."""
    kinds = {resource["resourceType"] for resource in record()}
    words = []
    for word in scope.split():
        kind = word.partition("/")[2].partition(".")[0]
        if kind in kinds:
            words.append(f"user/{kind}.rs")
        elif word in {"launch", "openid", "fhirUser"}:
            words.append(word)
    return " ".join(words)


@contextmanager
def running(port: int) -> Iterator[Ehr]:
    """An EHR at a port of this machine."""
    ehr = Ehr(f"http://localhost:{port}")
    with serving(ehr.app, port):
        yield ehr
