"""A little OpenID Provider, on jwcrypto: it checks what a client sends, and lies when it is told to.

https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

CLIENT_ID, CLIENT_SECRET = "fhirserver", "a secret of the two"


class OpenIDProvider:
    """Knows one person. A test changes `claims`, or what is wrong with an answer in `lies`."""

    def __init__(self, issuer: str, redirect_uri: str) -> None:
        self.issuer = issuer
        self.redirect_uri = redirect_uri
        self.key = _new_key()
        self.claims: dict = {}
        self.user_info: dict = {}
        self.lies: dict = {}
        self.header: dict = {}
        self.iss_parameter: str | None = issuer
        self.asked: dict = {}
        self.codes: dict[str, dict] = {}
        self.app = self._app()

    def forget(self) -> None:
        """Be honest again, about nobody."""
        self.claims, self.user_info, self.lies, self.header = {}, {}, {}, {}
        self.iss_parameter = self.issuer

    def _app(self) -> Flask:
        app = Flask("openid-provider")

        @app.get("/.well-known/openid-configuration")
        def metadata() -> Response:
            return jsonify(
                issuer=self.issuer,
                authorization_endpoint=f"{self.issuer}/authorize",
                token_endpoint=f"{self.issuer}/token",
                userinfo_endpoint=f"{self.issuer}/userinfo",
                jwks_uri=f"{self.issuer}/jwks",
                authorization_response_iss_parameter_supported=True,
            )

        @app.get("/authorize")
        def authorize():
            asked = self.asked = request.args.to_dict()
            assert asked["response_type"] == "code"
            assert asked["client_id"] == CLIENT_ID
            assert asked["redirect_uri"] == self.redirect_uri
            assert asked["code_challenge_method"] == "S256"
            assert "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
            if self.iss_parameter is not None:
                answer["iss"] = self.iss_parameter
            return redirect(f"{self.redirect_uri}?{urlencode(answer)}")

        @app.post("/token")
        def token():
            asked = self.codes.pop(request.form["code"], None)
            digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            is_client = request.authorization is not None and (
                request.authorization.username == CLIENT_ID
                and request.authorization.password == CLIENT_SECRET
            )
            if asked is None or asked["code_challenge"] != challenge or not is_client:
                return jsonify(error="invalid_grant"), 400
            now = int(time.time())
            claims = {
                "iss": self.issuer,
                "aud": CLIENT_ID,
                "iat": now,
                "exp": now + 300,
                "nonce": asked["nonce"],
                "auth_time": now,
                **self.claims,
                **self.lies,
            }
            claims = {k: v for k, v in claims.items() if v is not None}
            return jsonify(
                access_token="opaque", token_type="Bearer", id_token=self._signed(claims)
            )

        @app.get("/userinfo")
        def user_info():
            assert request.headers["Authorization"] == "Bearer opaque"
            return jsonify({"sub": self.claims.get("sub"), **self.user_info})

        @app.get("/jwks")
        def keys():
            return jsonify(keys=[json.loads(self.key.export_public())])

        return app

    def _signed(self, claims: dict) -> str:
        header = {"alg": "RS256", "kid": self.key["kid"], **self.header}
        if header["alg"] == "none":
            parts = [_encoded(header), _encoded(claims), ""]
            return ".".join(parts)
        key = self.key
        if header["alg"] == "HS256":
            # The old trick: the public key as the secret of a symmetric algorithm.
            secret = self.key.export_to_pem()
            key = JWK(kty="oct", k=base64.urlsafe_b64encode(secret).decode().rstrip("="))
        if header.pop("stranger", False):
            key = _new_key()
        made = JWT(header=header, claims=claims, algs=["RS256", "HS256"])
        made.make_signed_token(key)
        return made.serialize()


def _new_key() -> JWK:
    return JWK.generate(kty="RSA", size=2048, kid=secrets.token_hex(4), use="sig")


def _encoded(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
