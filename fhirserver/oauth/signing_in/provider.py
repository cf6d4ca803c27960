"""Another server that says who somebody is, by OpenID Connect; we are its client.

Code flow with PKCE, state, nonce, and the issuer checked at each step.
https://openid.net/specs/openid-connect-core-1_0.html, https://www.rfc-editor.org/rfc/rfc9700
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fhirserver import clock
from fhirserver.errors import Unavailable
from fhirserver.settings import InvalidSetting, Settings

log = logging.getLogger(__name__)

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
    "EdDSA",
)  # fmt: skip
TIMEOUT_SECONDS: Final = 10.0
KEPT_SECONDS: Final = 3_600.0
LEEWAY_SECONDS: Final = 60
MOST_SUBJECT_CHARACTERS: Final = 255
# An unknown key makes us ask for the keys again, but no more often than that.
PATIENCE_SECONDS: Final = 30.0

Claims = Mapping[str, Any]


class Refused(Exception):
    """The other server's answer doesn't prove who somebody is; the message is for our log."""


class Provider:
    """One OpenID Provider."""

    def __init__(self, settings: Settings, redirect_uri: str) -> None:
        assert settings.external_issuer is not None
        self.issuer = settings.external_issuer
        _check_https(self.issuer)
        self._client_id = settings.external_client_id
        self._secret = settings.external_client_secret
        self._scope = settings.external_scope
        self.redirect_uri = redirect_uri
        self._metadata: tuple[float, Claims] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def address(self, *, state: str, nonce: str, verifier: str, again: bool) -> str:
        """Where the browser asks to be told who its user is."""
        more = {"prompt": "login", "max_age": "0"} if again else {}
        return str(
            prepare_grant_uri(
                self.metadata()["authorization_endpoint"],
                self._client_id,
                "code",
                redirect_uri=self.redirect_uri,
                scope=self._scope,
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
                **more,
            )
        )

    def claims(self, *, code: str, verifier: str, nonce: str, issuer: str | None) -> Claims:
        """Who came back with this code. Raises Refused, or Unavailable."""
        metadata = self.metadata()
        is_named = metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.issuer and (issuer is not None or is_named):
            raise Refused("the answer is of another issuer")
        answer = self._tokens(metadata["token_endpoint"], code, verifier)
        claims = self._checked(str(answer.get("id_token", "")), nonce)
        endpoint, access = metadata.get("userinfo_endpoint"), answer.get("access_token")
        if endpoint and access:
            more = self._get(endpoint, headers={"Authorization": f"Bearer {access}"})
            if more.get("sub") != claims["sub"]:
                raise Refused("the user info is of another user")
            # What is signed counts more.
            claims = {**more, **claims}
        return claims

    def metadata(self) -> Claims:
        """Where everything is. https://openid.net/specs/openid-connect-discovery-1_0.html"""
        if self._metadata is None or self._metadata[0] < time.monotonic():
            found = self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise Unavailable("the sign-in service says that it is another one")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _check_https(str(found.get(name, "")))
            self._metadata = (time.monotonic() + KEPT_SECONDS, found)
        return self._metadata[1]

    def _tokens(self, endpoint: str, code: str, verifier: str) -> dict[str, Any]:
        import httpx  # noqa: PLC0415 - a tenth of a start, and few servers sign in elsewhere

        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        auth = None
        if self._secret:
            auth = httpx.BasicAuth(self._client_id, self._secret)
        else:
            sent["client_id"] = self._client_id
        try:
            answer = httpx.post(endpoint, data=sent, auth=auth, timeout=TIMEOUT_SECONDS)
            if answer.status_code != httpx.codes.OK:
                raise Refused(f"the token endpoint answered {answer.status_code}")
            return dict(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise _away() from error

    def _checked(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token. https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation"""
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(clock.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._decoded(token).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise Refused(f"the ID token: {type(error).__name__}") from error
        # https://openid.net/specs/openid-connect-core-1_0.html#IDToken
        subject = claims["sub"]
        if not (isinstance(subject, str) and 0 < len(subject) <= MOST_SUBJECT_CHARACTERS):
            raise Refused("the subject is none")
        if not (subject.isascii() and subject.isprintable()):
            raise Refused("the subject has characters that none has")
        others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if others else self._client_id) != self._client_id:
            raise Refused("the ID token is for another client")
        return dict(claims)

    def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # It may be signed with a key that is newer than those we know.
            if self._keys is None or self._keys[0] > time.monotonic() + (
                KEPT_SECONDS - PATIENCE_SECONDS
            ):
                raise
            self._keys = None
            return jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)

    def _key_set(self) -> KeySet:
        if self._keys is None or self._keys[0] < time.monotonic():
            found = self._get(self.metadata()["jwks_uri"])
            public = [k for k in found.get("keys", []) if k.get("kty") in {"RSA", "EC", "OKP"}]
            self._keys = (
                time.monotonic() + KEPT_SECONDS,
                KeySet.import_key_set({"keys": public}),
            )
        return self._keys[1]

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        import httpx  # noqa: PLC0415 - as above

        try:
            answer = httpx.get(address, headers=headers, timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away() from error
        if not isinstance(found, dict):
            raise _away()
        return found


def _away() -> Unavailable:
    log.warning("external_sign_in_unavailable")
    return Unavailable("The other sign-in service can't be reached right now. Try again shortly.")


def _check_https(address: str) -> None:
    parts = urlsplit(address)
    is_loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback):
        raise InvalidSetting(
            "FHIRSERVER_EXTERNAL_ISSUER: it, and each address it names, begins with https://"
        )
