"""The public keys of a client: those it registered, or those at its address.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey, import_key

from fhirserver.errors import Invalid
from fhirserver.oauth.pinned_fetch import Fetched, PinnedFetch
from fhirserver.storage.clients import Client

ALGORITHMS: Final[dict[str, str]] = {"RS384": "RSA", "ES384": "EC"}
"""What SMART asks for, and the kind of key of each."""

LEAST_RSA_BITS: Final = 2048
MOST_KEYS: Final = 20
_SHORT: Final = f"an RSA key must have at least {LEAST_RSA_BITS} bits"
_CURVE: Final = "secp384r1"
_PRIVATE: Final = frozenset(["d", "p", "q", "dp", "dq", "qi", "oth", "k"])


class ClientKeys:
    """Finds the key that signed an assertion."""

    def __init__(self, fetch: PinnedFetch) -> None:
        self._fetch = fetch
        self._kept: dict[str, Fetched] = {}
        self._lock = threading.Lock()

    def find(self, client: Client, kid: object, algorithm: str) -> Key | None:
        """The client's key of that id for that algorithm; None when it has none.

        A key that isn't in the set of an address is looked for there again: it may be new. How
        often that happens is bounded, as anybody can name one.
        """
        if client.jwks is not None:
            return _named(client.jwks, kid, algorithm)
        if client.jwks_uri is None:
            return None
        kept = self._kept.get(client.jwks_uri)
        if kept is not None and kept.is_fresh:
            found = _named(kept.content, kid, algorithm)
            if found is not None or not kept.may_be_asked_again:
                return found
        fetched = self._fetch(client.jwks_uri)
        with self._lock:
            self._kept[client.jwks_uri] = fetched
        return _named(fetched.content, kid, algorithm)


def _named(jwks: Mapping[str, Any], kid: object, algorithm: str) -> Key | None:
    for each in jwks.get("keys") or ():
        if not isinstance(each, dict) or each.get("kid") != kid:
            continue
        try:
            key = public_key(each)
        except Invalid:
            continue
        if key.key_type == ALGORITHMS.get(algorithm) and each.get("alg") in {None, algorithm}:
            return key
    return None


def check_key_set(jwks: object) -> dict[str, Any]:
    """A JWK Set as it may be registered. Raises Invalid, saying what is wrong with it."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise Invalid(f"jwks is an object with one to {MOST_KEYS} keys")
    usable = 0
    for each in keys:
        if not isinstance(each, dict) or not isinstance(each.get("kid"), str):
            raise Invalid("each key in jwks is an object with a kid")
        if _PRIVATE & set(each):
            raise Invalid("a key in jwks is private: register public keys, and replace this one")
        if each.get("kty") in ALGORITHMS.values():
            public_key(each)
            usable += 1
    if not usable:
        raise Invalid("jwks has no key for RS384 or ES384")
    return {"keys": keys}


def public_key(jwk: Mapping[str, Any]) -> Key:
    """A key of a client. Raises Invalid for one that can't be used, or is too weak."""
    # Only what the key is: an address in it, or a certificate, is nothing that we follow.
    parts = {k: v for k, v in jwk.items() if k in {"kty", "n", "e", "crv", "x", "y", "kid"}}
    modulus = parts.get("n")
    # Six bits are in a character: said before the library warns about the key.
    if isinstance(modulus, str) and len(modulus) * 6 < LEAST_RSA_BITS:
        raise Invalid(_SHORT)
    try:
        key = import_key(parts)
        raw = key.public_key if isinstance(key, RSAKey | ECKey) else None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Invalid("a key in jwks can't be read") from error
    match raw:
        case RSAPublicKey():
            if raw.key_size < LEAST_RSA_BITS:
                raise Invalid(_SHORT)
        case EllipticCurvePublicKey():
            if raw.curve.name != _CURVE:
                raise Invalid("an EC key must be on the curve P-384, for ES384")
        case _:
            raise Invalid("a key must be an RSA key or an EC key on the curve P-384")
    return key
