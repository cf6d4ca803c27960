"""The id_token: who has signed in.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from joserfc import jwt

from fhirserver import clock
from fhirserver.oauth.signing import ALGORITHM, Signing
from fhirserver.storage.grants import Family
from fhirserver.storage.users import Account


def id_token(
    family: Family,
    user: Account,
    token: dict[str, Any],
    *,
    issuer: str,
    nonce: str | None,
    signing: Signing,
    lifetime_seconds: int,
) -> str:
    """The signed token that goes with an access token."""
    now = int(clock.now().timestamp())
    granted = set(str(token["scope"]).split())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": user.id,
        "aud": family.client,
        "iat": now,
        "exp": now + lifetime_seconds,
        "at_hash": half_hash(str(token["access_token"])),
    }
    if family.authenticated is not None:
        claims["auth_time"] = int(family.authenticated.timestamp())
    if nonce is not None:
        claims["nonce"] = nonce
    if user.fhir_user is not None and granted & {"fhirUser", "profile"}:
        claims["fhirUser"] = f"{issuer}/{user.fhir_user}"
        if "profile" in granted:
            # What version 1 calls the same.
            claims["profile"] = claims["fhirUser"]
    if "profile" in granted:
        claims["name"] = user.display
    key = signing.key()
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, claims, key, [ALGORITHM])


def half_hash(token: str) -> str:
    """https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken"""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
