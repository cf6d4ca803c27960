"""Datasets written byte by byte, so that tests can write what no library would."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest

from dicom_gateway.datasets.values import LONG

SHARED = Path("/work/shared/data/dicom")
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the collected files aren't here")

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"


def element(
    tag: int, vr: str, value: bytes | str, *, syntax: str = EXPLICIT, length: int | None = None
) -> bytes:
    raw = value.encode("utf-8") if isinstance(value, str) else value
    raw += (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)
    size = len(raw) if length is None else length
    order = ">" if syntax == BIG else "<"
    if syntax == IMPLICIT:
        return pack("<HHI", tag >> 16, tag & 0xFFFF, size) + raw
    if vr.encode() in LONG:
        return pack(f"{order}HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, size) + raw
    return pack(f"{order}HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), size) + raw


def item(*elements: bytes, undefined: bool = False) -> bytes:
    body = b"".join(elements)
    if undefined:
        return pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + body + pack("<HHI", 0xFFFE, 0xE00D, 0)
    return pack("<HHI", 0xFFFE, 0xE000, len(body)) + body


def a_dataset(
    *more: bytes,
    syntax: str = EXPLICIT,
    without: int | tuple[int, ...] = (),
    charset: str = "ISO_IR 192",
) -> bytes:
    """A CT instance of Jane Doe, elements in order; `more` are elements of `element`."""
    own = [
        (0x00080005, "CS", charset), (0x00080016, "UI", CT), (0x00080018, "UI", "1.2.3.4"),
        (0x00080020, "DA", "20260102"), (0x00080060, "CS", "CT"), (0x00100010, "PN", "Doe^Jane"),
        (0x00100020, "LO", "4711"), (0x0020000D, "UI", "1.2.3"), (0x0020000E, "UI", "1.2.3.1"),
        (0x00280010, "US", b"\0\2" if syntax == BIG else b"\2\0"),
    ]  # fmt: skip
    left_out = without if isinstance(without, tuple) else (without,)
    order = "big" if syntax == BIG else "little"
    elements = [element(*one, syntax=syntax) for one in own if one[0] not in left_out] + list(more)
    return b"".join(
        sorted(
            elements, key=lambda e: (int.from_bytes(e[:2], order), int.from_bytes(e[2:4], order))
        )
    )
