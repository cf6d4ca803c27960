"""Pseudonyms of a project: the same patient and the same UID are always called the same in it.

Nothing is stored: whoever has the project's secret finds the pseudonyms of what they know, and
nobody else can. Another project's secret gives other pseudonyms.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

_LONGEST_SHIFT: Final = 3650
_SHORTEST_SHIFT: Final = 30
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Patient:
    """What a patient is called, and by how many days their dates are moved (to the past)."""

    name: str
    shift: int


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The map of a project; its secret has 32 random bytes at least."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < 32:
            raise ValueError("a project's secret must have 32 bytes at least")

    def uid(self, uid: str) -> str:
        """The UID that stands for `uid`: 122 bits of a MAC as a UUID (PS3.5 B.2), so 2.25."""
        return _uid(self.secret, uid)

    def patient(self, *identity: str) -> Patient:
        """The patient of an identity: issuer and id, or what else there is."""
        mac = _mac(self.secret, "patient", *identity)
        number = int.from_bytes(mac[:10], "big")
        name = "".join(_LETTERS[number >> 5 * n & 31] for n in range(16))
        days = int.from_bytes(mac[16:24], "big") % (_LONGEST_SHIFT - _SHORTEST_SHIFT)
        return Patient(f"P-{name}", -(_SHORTEST_SHIFT + days))


def _mac(secret: bytes, kind: str, *parts: str) -> bytes:
    text = "\0".join((kind, *parts))
    return hmac.digest(secret, text.encode("utf-8", "replace"), "sha256")


@lru_cache(maxsize=8192)
def _uid(secret: bytes, uid: str) -> str:
    number = int.from_bytes(_mac(secret, "uid", uid)[:16], "big")
    number &= ~(0xF << 76) & ~(0x3 << 62)
    number |= 8 << 76 | 2 << 62  # a UUID of version 8: of the maker's own making (RFC 9562 5.8)
    return f"2.25.{number}"
