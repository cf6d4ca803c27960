"""The frames of an instance: how many, how large, and where each lies in the dataset.

A frame is found without the others: by the offset tables where there are any (PS3.5 A.4, PS3.3
C.7.6.3.1.8), else by the lengths of the fragments.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dicom_gateway.rendering.limits import (
    MOST_FRAME_BYTES,
    MOST_FRAMES,
    MOST_HEADER_BYTES,
    MOST_PIXELS,
    NoSuchFrame,
    Undecodable,
)
from dicom_gateway.rendering.locating import PIXELS, Dataset, Element
from dicom_gateway.rendering.syntaxes import NATIVE

_SAMPLES: Final = 0x00280002
_PHOTOMETRIC: Final = 0x00280004
_FRAMES: Final = 0x00280008
_ROWS: Final = 0x00280010
_COLUMNS: Final = 0x00280011
_ALLOCATED: Final = 0x00280100
_REPRESENTATIVE: Final = 0x00286010
_OFFSETS: Final = 0x7FE00001
_LENGTHS: Final = 0x7FE00002
_WANTED: Final = frozenset(
    {
        _SAMPLES,
        _PHOTOMETRIC,
        _FRAMES,
        _ROWS,
        _COLUMNS,
        _ALLOCATED,
        _REPRESENTATIVE,
        _OFFSETS,
        _LENGTHS,
    }
)
_MOST_FRAGMENTS: Final = 2_000_000
_STARTS: Final = (b"\xff\xd8", b"\xff\x4f", b"\xff\x0a")
"""How a JPEG, a JPEG 2000 and a JPEG XL code stream begin."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of an instance's pixels without decoding them."""

    transfer_syntax: str
    pixels: Element
    rows: int
    columns: int
    samples: int
    allocated: int
    photometric: str
    count: int
    representative: int
    offsets: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()

    @property
    def is_encapsulated(self) -> bool:
        return self.pixels.length is None

    @property
    def frame_bits(self) -> int:
        """Bits of a native frame."""
        per_pixel = self.samples
        if self.photometric == "YBR_FULL_422":
            per_pixel = 2
        return self.rows * self.columns * per_pixel * self.allocated


def layout(dataset: Dataset, transfer_syntax: str) -> Layout | None:
    """The layout of a dataset's pixels; None where it has none. Raises Undecodable."""
    values, pixels = dataset.values(_WANTED, PIXELS)
    if pixels is None:
        return None
    rows, columns = dataset.number(values.get(_ROWS)), dataset.number(values.get(_COLUMNS))
    if not rows or not columns:
        raise Undecodable("Rows and Columns are missing")
    made = Layout(
        transfer_syntax,
        pixels,
        rows,
        columns,
        dataset.number(values.get(_SAMPLES)) or 1,
        dataset.number(values.get(_ALLOCATED)) or 8,
        values.get(_PHOTOMETRIC, b"").decode("latin-1").strip(" \0"),
        _integer(values.get(_FRAMES), 1),
        _integer(values.get(_REPRESENTATIVE), 1),
        _table(values.get(_OFFSETS)),
        _table(values.get(_LENGTHS)),
    )
    if not made.is_encapsulated and transfer_syntax not in NATIVE:
        raise Undecodable("its pixels aren't encapsulated, as its transfer syntax says")
    return made


def check(found: Layout) -> None:
    """Raise Undecodable for what no worker should even try."""
    if found.rows * found.columns > MOST_PIXELS or found.frame_bits // 8 > MOST_FRAME_BYTES:
        raise Undecodable(f"a frame of {found.columns} x {found.rows} pixels is too large")
    if found.pixels.at > MOST_HEADER_BYTES:
        raise Undecodable("too much stands before its pixels")


def spans(dataset: Dataset, found: Layout, number: int) -> list[tuple[int, int]]:
    """Where frame `number`, from 1, lies: places and lengths. Raises NoSuchFrame, Undecodable."""
    if not 1 <= number <= found.count:
        raise NoSuchFrame
    if found.is_encapsulated:
        pieces = _fragments(dataset, found, number - 1)
    else:
        start, length = native_span(found, number)
        assert found.pixels.length is not None
        if start + length > found.pixels.end:
            raise Undecodable("its pixels end before this frame does")
        pieces = [(start, length)]
    if sum(length for _, length in pieces) > MOST_FRAME_BYTES:
        raise Undecodable("the frame is too large")
    return pieces


def native_span(found: Layout, number: int) -> tuple[int, int]:
    """The whole bytes that hold a native frame; one of single bits may begin inside a byte."""
    first = (number - 1) * found.frame_bits
    begin, end = first // 8, -(-(first + found.frame_bits) // 8)
    return found.pixels.value + begin, end - begin


def _fragments(dataset: Dataset, found: Layout, index: int) -> list[tuple[int, int]]:
    items = dataset.fragments(found.pixels.value)
    table_at, table_length = next(items, (0, 0))
    first = table_at + table_length
    if len(found.offsets) == found.count == len(found.lengths):
        return [(first + found.offsets[index] + 8, found.lengths[index])]
    if table_length == 4 * found.count:
        offsets = struct.unpack(f"<{found.count}I", dataset.part(table_at, table_length))
        start = first + offsets[index]
        stop = first + offsets[index + 1] if index + 1 < found.count else None
        pieces = []
        for at, length in dataset.fragments(start):
            if stop is not None and at - 8 >= stop:
                break
            pieces.append((at, length))
        if pieces:
            return pieces
    every = _counted(items)
    if found.count == 1:
        return every
    if len(every) == found.count:
        return [every[index]]
    return _grouped(dataset, found, every)[index]


def _counted(items: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    every = []
    for item in items:
        every.append(item)
        if len(every) > _MOST_FRAGMENTS:
            raise Undecodable("its pixels have too many fragments")
    return every


def _grouped(
    dataset: Dataset, found: Layout, every: list[tuple[int, int]]
) -> list[list[tuple[int, int]]]:
    """Fragments by frame where no table tells: each code stream begins with its marker."""
    groups: list[list[tuple[int, int]]] = []
    for at, length in every:
        if length >= 2 and dataset.part(at, 2) in _STARTS:
            groups.append([])
        if not groups:
            break
        groups[-1].append((at, length))
    if len(groups) != found.count:
        raise Undecodable("nothing tells where its frames begin")
    return groups


def _integer(raw: bytes | None, default: int) -> int:
    text = (raw or b"").decode("latin-1").split("\\")[0].strip(" \0")
    if raw is not None and len(raw) == 2 and not text.isdecimal():
        return int.from_bytes(raw, "little") or default
    if not text.isdecimal() or len(text) > 12:
        return default
    return min(max(int(text), 1), MOST_FRAMES)


def _table(raw: bytes | None) -> tuple[int, ...]:
    return () if not raw else struct.unpack(f"<{len(raw) // 8}Q", raw[: len(raw) // 8 * 8])
