"""A CDS client proves who it is by a JWT that it signed, in each call of a CDS service.

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients. The client is registered under the `iss` of
its tokens, with its keys, as one that may call (`fhirserver client add --cds-hooks`).
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError

from fhirserver import clock
from fhirserver.errors import FhirError, Unauthorized
from fhirserver.model import json
from fhirserver.oauth.client_assertion import LEEWAY_SECONDS, MOST_SECONDS
from fhirserver.oauth.client_keys import ALGORITHMS, ClientKeys
from fhirserver.oauth.pinned_fetch import CannotFetch
from fhirserver.oauth.registered import find
from fhirserver.storage.clients import Client
from fhirserver.storage.database import Database
from fhirserver.storage.grants import is_first_use

log = logging.getLogger(__name__)

MAY_CALL: Final = "cds_hooks"
"""The detail of a registration that lets a client call CDS services."""

_LONGEST: Final = 8_000
_LONGEST_JTI: Final = 255
# A key or an address of one in the header is the sender's word only.
_NOT_TAKEN: Final = frozenset({"jwk", "x5u", "x5c", "crit", "b64"})


class CdsClients:
    """Finds out which registered client a token is from."""

    def __init__(self, database: Database, keys: ClientKeys) -> None:
        self._database = database
        self._keys = keys

    def __call__(self, token: str, address: str) -> Client:
        """The client that signed a token for the service at an address.

        Raises Unauthorized for a token that isn't from a registered CDS client, for another
        address, too old, or used before.
        """
        if len(token) > _LONGEST:
            raise _refused("it is too long")
        header, claims = _parts(token)
        if _NOT_TAKEN & header.keys():
            raise _refused("a header that isn't taken")
        algorithm = header.get("alg")
        found = find(self._database, claims.get("iss"))
        if found is None or found.client.kind != "asymmetric" or not _may_call(found.client):
            raise _refused("its iss is no CDS client that is registered here")
        client = found.client
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise _refused(f"its alg is none of {', '.join(sorted(ALGORITHMS))}")
        if "jku" in header and header["jku"] != client.jwks_uri:
            raise _refused("its jku isn't the one that is registered")
        _check_claims(self._proven(client, token, header.get("kid"), algorithm), address)
        ends = datetime.fromtimestamp(claims["exp"] + 2 * LEEWAY_SECONDS, UTC)
        # Of many at once one is the first.
        if not is_first_use(self._database, client.id, f"cds:{claims['jti']}", ends):
            raise _refused("its jti was used before")
        return client

    def _proven(self, client: Client, token: str, kid: object, algorithm: str) -> dict[str, Any]:
        """The claims, when the client's key has signed them."""
        try:
            key = self._keys.find(client, kid, algorithm)
        except CannotFetch as error:
            extra = {"client": client.id, "reason": str(error)}
            log.warning("client_keys_unavailable", extra=extra)
            raise _refused("the client's keys can't be had") from error
        if key is None:
            raise _refused("its kid names no key of the client")
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError) as error:
            raise _refused("signature") from error
        return claims


def is_jwt(token: str) -> bool:
    """Whether a bearer token is a JWT, and not one of ours."""
    return token.count(".") == 2


def _may_call(client: Client) -> bool:
    return client.details.get(MAY_CALL) is True


def _parts(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, nothing of which is proven yet."""
    try:
        head, body, _ = token.split(".")
        parsed = [
            json.parse_object(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4)))
            for p in (head, body)
        ]
    except (ValueError, binascii.Error, FhirError) as error:
        raise _refused("it is no JWT") from error
    return parsed[0], parsed[1]


def _check_claims(claims: Mapping[str, Any], address: str) -> None:
    now = clock.now().timestamp()
    audience = claims.get("aud")
    if address not in (audience if isinstance(audience, list) else [audience]):
        raise _refused(f"its aud isn't {address}")
    times = {name: claims.get(name) for name in ("exp", "iat", "nbf")}
    for name, value in times.items():
        if value is None and name == "nbf":
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not abs(value or 0) < 1e11:
            raise _refused(f"its {name} is no time")
    exp, iat, nbf = (float(times[n] or 0) for n in ("exp", "iat", "nbf"))
    if exp < now - LEEWAY_SECONDS:
        raise _refused("it has expired")
    if exp > now + MOST_SECONDS + LEEWAY_SECONDS:
        raise _refused(f"its exp is more than {MOST_SECONDS} seconds from now")
    if max(iat, nbf) > now + LEEWAY_SECONDS:
        raise _refused("it isn't valid yet")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
        raise _refused("it has no jti")


def _refused(why: str) -> Unauthorized:
    challenge = 'Bearer realm="fhirserver", error="invalid_token"'
    return Unauthorized(
        f"the CDS client's token is refused: {why}", headers={"WWW-Authenticate": challenge}
    )
