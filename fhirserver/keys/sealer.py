"""Secrets that the server must be able to read again: seeds of one-time passwords, credentials.

    sealed = sealer.seal(f"user/{id}/totp", seed)      # a bytea column
    seed = sealer.unseal(f"user/{id}/totp", sealed)

The name says where the secret belongs; a row that is copied elsewhere can't be unsealed there.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from fhirserver.keys import aead
from fhirserver.keys.keyring import Keyring

PURPOSE: Final = "secrets"
_FORM: Final = b"\x01"
_ID_BYTES: Final = 16


class Sealer:
    """Seals with the keyring's key for secrets, and says in the sealed bytes which one it was."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring

    def seal(self, name: str, secret: bytes) -> bytes:
        """The secret, as it may be stored under this name."""
        id_, key = self.keyring.shared(PURPOSE)
        return _FORM + id_.bytes + aead.seal(key, secret, name.encode())

    def unseal(self, name: str, sealed: bytes) -> bytes:
        """The secret again. Raises aead.NotAuthentic, or errors.KeyUnavailable."""
        if sealed[:1] != _FORM or len(sealed) < 1 + _ID_BYTES:
            raise aead.NotAuthentic("these are no sealed bytes")
        key = self.keyring.key(UUID(bytes=bytes(sealed[1 : 1 + _ID_BYTES])))
        return aead.unseal(key, bytes(sealed[1 + _ID_BYTES :]), name.encode())
