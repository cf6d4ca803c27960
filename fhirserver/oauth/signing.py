"""The keys that sign id_tokens: made when first needed, changed by the operator, kept sealed.

https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
"""

from __future__ import annotations

import time
from typing import Any, Final

from joserfc.jwk import RSAKey

from fhirserver import ids
from fhirserver.keys.sealer import Sealer
from fhirserver.storage.database import Database
from fhirserver.storage.signing_keys import (
    SigningKey,
    add_first_signing_key,
    add_signing_key,
    signing_keys,
)

ALGORITHM: Final = "RS256"
"""What SMART asks for. https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html"""

BITS: Final = 2048
STILL_KNOWN_SECONDS: Final = 86_400.0
"""How long a key stays published after another took its place: longer than an id_token lasts."""

REMEMBERED_SECONDS: Final = 60.0


class Signing:
    """Signs with the newest key, and publishes those that are known."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._kept: tuple[float, list[SigningKey]] = (0.0, [])
        self._opened: dict[str, RSAKey] = {}

    def jwks(self) -> dict[str, Any]:
        """The public keys. https://www.rfc-editor.org/rfc/rfc7517#section-5"""
        return {"keys": [k.public for k in self._keys()]}

    def key(self) -> RSAKey:
        """The key that signs."""
        first = self._keys()[0]
        found = self._opened.get(first.id)
        if found is None:
            pem = self._sealer.unseal(_place(first.id), first.private)
            found = self._opened[first.id] = RSAKey.import_key(pem, {"kid": first.id})
        return found

    def rotate(self, *, forget_old: bool = False) -> str:
        """A new key signs from now on; returns its id. `forget_old`: when one has leaked."""
        made = self._made()
        known = 0.0 if forget_old else STILL_KNOWN_SECONDS
        add_signing_key(self._database, made, known_seconds=known)
        self._kept = (0.0, [])
        return made.id

    def _keys(self) -> list[SigningKey]:
        until, found = self._kept
        if not found or time.monotonic() > until:
            found = signing_keys(self._database)
            if not found:
                add_first_signing_key(self._database, self._made())
                found = signing_keys(self._database)
            self._kept = (time.monotonic() + REMEMBERED_SECONDS, found)
        return found

    def _made(self) -> SigningKey:
        id_ = ids.new()
        key = RSAKey.generate_key(BITS, {"kid": id_, "use": "sig", "alg": ALGORITHM}, private=True)
        public = {k: v for k, v in key.as_dict(private=False).items() if k != "key_ops"}
        return SigningKey(id_, self._sealer.seal(_place(id_), key.as_pem(private=True)), public)


def _place(id_: str) -> str:
    return f"signing-key/{id_}"
