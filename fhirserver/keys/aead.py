"""Small values sealed with AES-256-GCM: a random nonce, then the ciphertext with its tag.

https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


class NotAuthentic(Exception):
    """Sealed bytes were changed, cut or moved, or the key is another one."""


def new_key() -> bytes:
    """A random key of AES-256."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, data: bytes, place: bytes) -> bytes:
    """The data sealed for a place: it can't be unsealed as if it were found elsewhere.

    >>> unseal(bytes(32), seal(bytes(32), b"seed", b"here"), b"here")
    b'seed'
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, place)


def unseal(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """The reverse of `seal`; raises NotAuthentic."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise NotAuthentic("the sealed bytes are cut")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except InvalidTag as error:
        raise NotAuthentic("the sealed bytes were changed, or belong elsewhere") from error
