"""Protocol data units as bytes: those that an open association needs.

What opens one is in negotiating.py and calling.py.
https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final

ASSOCIATE_RQ: Final = 0x01
ASSOCIATE_AC: Final = 0x02
ASSOCIATE_RJ: Final = 0x03
P_DATA: Final = 0x04
RELEASE_RQ: Final = 0x05
RELEASE_RP: Final = 0x06
ABORT: Final = 0x07

HEAD: Final = struct.Struct(">BxI")
"""Type, a reserved byte, length of what follows."""
FRAGMENT_HEAD: Final = struct.Struct(">IBB")
"""Length of what follows, presentation context, message control header."""
IS_COMMAND: Final = 0x01
IS_LAST: Final = 0x02
_AROUND: Final = 6
"""Bytes of a P-DATA-TF that aren't fragment: PDV length, context, control header."""

LARGEST: Final = 131_072
"""The longest PDU that we ask for."""
SMALLEST: Final = 1_024
"""Who asks for shorter ones is sent such."""

RELEASE: Final = HEAD.pack(RELEASE_RQ, 4) + bytes(4)
RELEASED: Final = HEAD.pack(RELEASE_RP, 4) + bytes(4)

BY_USER: Final = 0
BY_PROVIDER: Final = 2


def abort(source: int = BY_PROVIDER, reason: int = 0) -> bytes:
    """An A-ABORT."""
    return HEAD.pack(ABORT, 4) + bytes((0, 0, source, reason))


def command(context: int, raw: bytes, longest: int) -> bytes:
    """A command set in as many P-DATA-TF as it takes.

    >>> command(1, b"abc", 16384).hex()
    '040000000009000000050103616263'
    """
    return b"".join(_units(context, IS_COMMAND, (raw,), longest))


def dataset(context: int, pieces: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """A dataset in P-DATA-TF units, as its pieces come."""
    return _units(context, 0, pieces, longest)


def _units(context: int, kind: int, pieces: Iterable[bytes], longest: int) -> Iterator[bytes]:
    room = longest - _AROUND
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) > room:
            yield _unit(context, kind, bytes(held[:room]))
            del held[:room]
    yield _unit(context, kind | IS_LAST, bytes(held))


def _unit(context: int, control: int, fragment: bytes) -> bytes:
    return (
        HEAD.pack(P_DATA, len(fragment) + _AROUND)
        + FRAGMENT_HEAD.pack(len(fragment) + 2, context, control)
        + fragment
    )
