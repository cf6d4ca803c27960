"""Objects of any size sealed in pieces: a range can be read without the rest, in little memory.

An object is cut into chunks of 256 KiB, the last one shorter, or empty when all are full. Each is
sealed with AES-256-GCM under the object's own key, which seals nothing else. Its nonce is its
number; bound to it are the object's name, its number, and whether it is the last: a chunk that is
changed, cut off, put elsewhere or taken from another object is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fhirserver.keys.aead import NONCE_BYTES, TAG_BYTES, NotAuthentic

CHUNK_BYTES: Final = 256 * 1024
SEALED_BYTES: Final = CHUNK_BYTES + TAG_BYTES

ReadAt = Callable[[int, int], bytes]
"""Up to so many bytes (second) of the sealed object from a place on (first)."""


def sealed_size(size: int) -> int:
    """How long an object of this size is when sealed.

    >>> sealed_size(0), sealed_size(CHUNK_BYTES) == SEALED_BYTES
    (16, True)
    """
    return size + TAG_BYTES * max(1, -(-size // CHUNK_BYTES))


class Sealing:
    """An object that is sealed as it comes, in pieces of any size."""

    def __init__(self, key: bytes, name: bytes) -> None:
        self._cipher = AESGCM(key)
        self._name = name
        self._held = bytearray()
        self._number = 0

    def add(self, piece: bytes | bytearray | memoryview) -> list[bytes]:
        """What can be sealed now that this has come: whole chunks that aren't the last."""
        held = self._held
        held += piece
        # One byte more than a chunk shows that it isn't the last.
        if len(held) <= CHUNK_BYTES:
            return []
        whole = (len(held) - 1) // CHUNK_BYTES * CHUNK_BYTES
        with memoryview(held) as view:
            sealed = [
                self._sealed(view[at : at + CHUNK_BYTES], is_last=False)
                for at in range(0, whole, CHUNK_BYTES)
            ]
        del held[:whole]
        return sealed

    def end(self) -> bytes:
        """The last chunk; nothing is held any more."""
        held, self._held = self._held, bytearray()
        return self._sealed(held, is_last=True)

    def _sealed(self, chunk: bytearray | memoryview, *, is_last: bool) -> bytes:
        number = self._number
        self._number += 1
        return self._cipher.encrypt(_nonce(number), chunk, _place(self._name, number, is_last))


def seal(key: bytes, name: bytes, source: Iterable[bytes]) -> Iterator[bytes]:
    """The sealed pieces of what the source gives, in pieces of any size."""
    sealing = Sealing(key, name)
    for piece in source:
        yield from sealing.add(piece)
    yield sealing.end()


class SealedObject:
    """A sealed object that can be read from any place on; NotAuthentic when it isn't whole."""

    def __init__(self, key: bytes, name: bytes, read_at: ReadAt, sealed: int) -> None:
        self._cipher = AESGCM(key)
        self._name = name
        self._read_at = read_at
        self._count = max(1, -(-sealed // SEALED_BYTES))
        self.size = sealed - TAG_BYTES * self._count
        if self.size < 0 or sealed_size(self.size) != sealed:
            raise NotAuthentic("the sealed object is cut")
        # Whoever wants only the beginning learns, too, that the end isn't there.
        self._chunk(self._count - 1)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces."""
        stop = self.size if stop is None else min(stop, self.size)
        if start >= stop:
            return
        for number in range(start // CHUNK_BYTES, (stop - 1) // CHUNK_BYTES + 1):
            begins = number * CHUNK_BYTES
            opened = self._chunk(number)
            yield opened[max(0, start - begins) : stop - begins]

    def _chunk(self, number: int) -> bytes:
        sealed = self._read_at(number * SEALED_BYTES, SEALED_BYTES)
        place = _place(self._name, number, number == self._count - 1)
        try:
            return self._cipher.decrypt(_nonce(number), sealed, place)
        except InvalidTag as error:
            raise NotAuthentic("a sealed object was changed") from error


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")


def _place(name: bytes, number: int, is_last: bool) -> bytes:
    return b"fhirserver object 1\0" + number.to_bytes(8, "big") + bytes([is_last]) + name
