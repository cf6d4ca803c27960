"""A client proves who it is by a JWT that it signed (private_key_jwt).

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError

from fhirserver import clock
from fhirserver.oauth.client_keys import ALGORITHMS, ClientKeys
from fhirserver.oauth.pinned_fetch import CannotFetch
from fhirserver.oauth.refusals import bad_client
from fhirserver.oauth.registered import PRIVATE_KEY, RegisteredClient
from fhirserver.storage.database import Database
from fhirserver.storage.grants import is_first_use

log = logging.getLogger(__name__)

LEEWAY_SECONDS: Final = 60
MOST_SECONDS: Final = 300
"""How far in the future an assertion may end."""

_LONGEST_JTI: Final = 255
_NUMBER: Final = (int, float)


class SmartAssertion(JWTBearerClientAssertion):
    """authlib's check, with SMART's algorithms and SMART's limits."""

    CLIENT_AUTH_METHOD = PRIVATE_KEY

    def __init__(self, database: Database, keys: ClientKeys, audiences: list[str]) -> None:
        super().__init__(leeway=LEEWAY_SECONDS)
        self._database = database
        self._keys = keys
        self._audiences = audiences

    def __call__(self, query_client: Any, request: OAuth2Request) -> RegisteredClient | None:
        """The client of the assertion in a request; None when there is none in it."""
        form = request.form
        kind, assertion = form.get("client_assertion_type"), form.get("client_assertion")
        if kind is None and assertion is None:
            return None
        if kind != self.CLIENT_ASSERTION_TYPE or assertion is None:
            raise bad_client("the client_assertion_type must be that of a JWT bearer token")
        header, claims = self._taken_apart(assertion)
        client: RegisteredClient | None = query_client(claims.get("sub"))
        algorithm = header.get("alg")
        if client is None or algorithm not in ALGORITHMS:
            raise _refused("unknown client or algorithm")
        if form.get("client_id", client.client_id) != client.client_id:
            raise _refused("client_id and assertion name different clients")
        try:
            key = self._keys.find(client.client, header.get("kid"), algorithm)
        except CannotFetch as error:
            log.warning(
                "client_keys_unavailable", extra={"client": client.client_id, "reason": str(error)}
            )
            raise bad_client(f"the keys at the client's jwks_uri can't be had: {error}") from error
        if key is None:
            raise _refused("unknown key")
        request.client = client
        self.process_assertion_claims(assertion, key)
        found: RegisteredClient = self.authenticate_client(client)
        return found

    def _taken_apart(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims, nothing of which is proven yet."""
        header, claims = self.extract_assertion(assertion)
        # A key or an address of one in the header is the sender's word only.
        if any(name in header for name in ("jwk", "jku", "x5u", "x5c", "crit", "b64")):
            raise _refused("a header that isn't taken")
        return header, claims

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> dict[str, Any]:
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, TypeError) as error:
            raise _refused("signature") from error
        claims: dict[str, Any] = token.claims
        self._check_times(claims)
        self.verify_claims(claims)
        return claims

    def _check_times(self, claims: dict[str, Any]) -> None:
        """The times are numbers, and the end is near: replays need not be remembered for long."""
        for name in ("exp", "nbf", "iat"):
            value = claims.get(name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, _NUMBER) or not abs(value) < 1e11
            ):
                raise _refused(f"{name} is no time")
        exp = claims.get("exp")
        if exp is None or exp > clock.now().timestamp() + MOST_SECONDS + LEEWAY_SECONDS:
            raise bad_client(f"exp must be at most {MOST_SECONDS} seconds from now")

    def get_audiences(self) -> list[str]:
        return self._audiences

    def validate_jti(self, claims: dict[str, Any], jti: object) -> bool:
        """Whether the id is used for the first time; of many at once one is the first."""
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
            return False
        # Until nobody could use it any more, with our own leeway.
        ends = datetime.fromtimestamp(claims["exp"] + 2 * LEEWAY_SECONDS, UTC)
        return is_first_use(self._database, claims["sub"], jti, ends)


def _refused(why: str) -> InvalidClientError:
    """What exactly is wrong helps who guesses as much as who errs: the kind is all that is told."""
    return bad_client(f"the client assertion is refused: {why}")
