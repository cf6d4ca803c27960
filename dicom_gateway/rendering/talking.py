"""What the server and a worker say to each other by pipes: a JSON object, then its bytes.

No pickles: whoever takes over a worker can answer with bytes, and with nothing else.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Final

_HEAD: Final = struct.Struct(">IQ")
_MOST_WORDS: Final = 1_000_000
_PIECE: Final = 1 << 20


class Ended(Exception):
    """The other side has gone."""


def send(file: BinaryIO, words: Mapping[str, Any], payload: Iterable[bytes], size: int) -> None:
    """Send words and `size` bytes."""
    text = json.dumps(words).encode()
    file.write(_HEAD.pack(len(text), size))
    file.write(text)
    for piece in payload:
        file.write(piece)
        size -= len(piece)
    if size:
        raise Ended
    file.flush()


def receive(file: BinaryIO, most: int) -> tuple[dict[str, Any], bytes]:
    """Wait for words and their bytes. Raises Ended."""
    length, size = _HEAD.unpack(_exactly(file, _HEAD.size))
    if length > _MOST_WORDS or size > most:
        raise Ended
    words = json.loads(_exactly(file, length))
    if not isinstance(words, dict):
        raise Ended
    return words, _exactly(file, size)


def cut(payload: bytes, sizes: Sequence[int]) -> list[memoryview]:
    """The pieces of a payload."""
    view, at, pieces = memoryview(payload), 0, []
    for size in sizes:
        pieces.append(view[at : at + size])
        at += size
    return pieces


def _exactly(file: BinaryIO, size: int) -> bytes:
    if size <= _PIECE:
        found = file.read(size)
        if len(found) != size:
            raise Ended
        return found
    held = bytearray()
    while len(held) < size:
        piece = file.read(min(_PIECE, size - len(held)))
        if not piece:
            raise Ended
        held += piece
    return bytes(held)
