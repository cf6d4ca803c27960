"""Master keys that this process holds in memory; the first is the newest.

A key's version is its fingerprint, so that nobody has to number keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from fhirserver.keys import aead
from fhirserver.keys.provider import Wrapped

_PLACE: Final = b"fhirserver wrapping key"


def fingerprint(key: bytes) -> str:
    """What a key is known by: too short a piece of its digest to help anybody find it."""
    return hashlib.sha256(b"fhirserver master key" + key).hexdigest()[:12]


def parse(text: str) -> list[bytes]:
    """Keys in base64, with commas or line breaks between them. Raises ValueError."""
    keys = []
    for number, part in enumerate(p for p in text.replace(",", "\n").split() if p):
        try:
            key = base64.b64decode(part, validate=True)
        except binascii.Error as error:
            raise ValueError(f"key {number + 1} isn't base64") from error
        if len(key) != aead.KEY_BYTES:
            raise ValueError(f"key {number + 1} has {len(key)} bytes instead of {aead.KEY_BYTES}")
        keys.append(key)
    return keys


def written(keys: Iterable[bytes]) -> str:
    """The reverse of `parse`, a line for each."""
    return "".join(f"{base64.b64encode(k).decode()}\n" for k in keys)


def wrap(keys: Sequence[bytes], key: bytes) -> Wrapped:
    """The key under the newest of these."""
    return Wrapped(fingerprint(keys[0]), aead.seal(keys[0], key, _PLACE))


def unwrap(keys: Sequence[bytes], wrapped: Wrapped) -> bytes | None:
    """The key again; None when its master key isn't among these. Raises aead.NotAuthentic."""
    for master in keys:
        if fingerprint(master) == wrapped.version:
            return aead.unseal(master, wrapped.data, _PLACE)
    return None
