"""Where an element lies in a dataset of any size, found by reading only what stands between.

Elements, items and delimiters are passed by their lengths; nothing is decoded, and nesting costs no
recursion. PS3.5 section 7.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dicom_gateway.rendering.limits import Undecodable
from dicom_gateway.rendering.syntaxes import BIG_ENDIAN, DEFLATED, IMPLICIT

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
PIXEL_DATA: Final = 0x7FE00010
PIXELS: Final = frozenset({PIXEL_DATA, 0x7FE00008, 0x7FE00009})
MOST_DEPTH: Final = 64
MOST_ELEMENTS: Final = 5_000_000
_WINDOW: Final = 65_536
MOST_VALUE: Final = 16_000_000
_LONG: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

Read = Callable[[int, int], bytes]
"""The bytes of a dataset from one place to before another."""


class NotThere(Exception):
    """The dataset has no such element."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element: where it begins, and where its value does; `length` is None where undefined."""

    tag: int
    vr: str
    at: int
    value: int
    length: int | None

    @property
    def end(self) -> int:
        assert self.length is not None
        return self.value + self.length


class Dataset:
    """A dataset that is read here and there."""

    def __init__(self, read: Read, size: int, transfer_syntax: str) -> None:
        if transfer_syntax == DEFLATED:
            raise Undecodable("a deflated dataset has no places")
        self._read = read
        self.size = size
        self._explicit = transfer_syntax != IMPLICIT
        self._order = ">" if transfer_syntax == BIG_ENDIAN else "<"
        self._from, self._window = 0, b""
        self._count = 0

    def part(self, start: int, length: int) -> bytes:
        """Some bytes. Raises Undecodable where the dataset ends before."""
        offset = start - self._from
        if offset < 0 or offset + length > len(self._window):
            self._from, offset = start, 0
            self._window = self._read(start, min(start + max(length, _WINDOW), self.size))
        found = self._window[offset : offset + length]
        if len(found) != length:
            raise Undecodable("the dataset ends before its last element does")
        return found

    def elements(self, start: int = 0, stop: int | None = None) -> Iterator[Element]:
        """The elements of one level; each is passed before the next one comes."""
        yield from self._level(start, self.size if stop is None else stop, self._explicit)

    def find(self, path: Sequence[int]) -> Element:
        """The element at a path: a tag, or a tag, the number of an item from 0, a tag, ...

        Raises NotThere.
        """
        start, stop, explicit = 0, self.size, self._explicit
        for place in range(0, len(path), 2):
            found = next(
                (e for e in self._level(start, stop, explicit) if e.tag == path[place]), None
            )
            if found is None:
                raise NotThere
            if place == len(path) - 1:
                return found
            explicit = explicit and found.vr != "UN"
            start, stop = self._item(found, path[place + 1], explicit)
        raise NotThere

    def values(
        self, wanted: Collection[int], stop: Collection[int]
    ) -> tuple[dict[int, bytes], Element | None]:
        """The values of some short elements, up to the first of the `stop` ones, and that one."""
        found: dict[int, bytes] = {}
        for element in self.elements():
            if element.tag in stop:
                return found, element
            if element.tag in wanted and element.length is not None and element.length < MOST_VALUE:
                found[element.tag] = self.part(element.value, element.length)
        return found, None

    def number(self, raw: bytes | None) -> int | None:
        """An unsigned short."""
        return (
            None
            if raw is None or len(raw) < 2
            else int(struct.unpack(f"{self._order}H", raw[:2])[0])
        )

    def fragments(self, start: int) -> Iterator[tuple[int, int]]:
        """Where the items of encapsulated pixels lie: where each value begins, its length."""
        at = start
        while True:
            group, number, length = struct.unpack("<HHI", self.part(at, 8))
            tag = group << 16 | number
            if tag == SEQUENCE_END:
                return
            if tag != ITEM or length == UNDEFINED:
                raise Undecodable("the fragments of the pixels are damaged")
            yield at + 8, length
            at += 8 + length

    def _item(self, sequence: Element, index: int, explicit: bool) -> tuple[int, int]:
        at, number = sequence.value, 0
        stop = self.size if sequence.length is None else sequence.end
        while at < stop:
            tag, length = self._delimiter(at)
            if tag != ITEM:
                break
            end = (
                at + 8 + length if length != UNDEFINED else self._passed(at + 8, explicit, ITEM_END)
            )
            if number == index:
                return at + 8, end
            at, number = end, number + 1
        raise NotThere

    def _level(self, start: int, stop: int, explicit: bool) -> Iterator[Element]:
        at = start
        while at + 8 <= stop:
            element = self._element(at, explicit)
            if element.tag in {ITEM_END, SEQUENCE_END}:
                return
            yield element
            if element.length is not None:
                at = element.end
            elif element.tag in PIXELS:
                at = self._after_fragments(element.value)
            else:
                at = self._passed(element.value, explicit and element.vr != "UN", SEQUENCE_END)

    def _after_fragments(self, start: int) -> int:
        at = start
        for value, length in self.fragments(start):
            at = value + length
        return at + 8

    def _passed(self, start: int, explicit: bool, end: int) -> int:
        """Behind what has no length of its own: the delimiter that belongs to it."""
        at = start
        open_: list[tuple[int, bool]] = [(end, explicit)]
        while open_:
            tag, length = self._delimiter(at)
            awaited, is_explicit = open_[-1]
            if tag in {ITEM_END, SEQUENCE_END}:
                if tag != awaited:
                    raise Undecodable("the items of a sequence are damaged")
                open_.pop()
                at += 8
            elif tag == ITEM:
                at += 8
                if length == UNDEFINED:
                    open_.append((ITEM_END, is_explicit))
                else:
                    at += length
            else:
                element = self._element(at, is_explicit)
                at = element.value
                if element.length is None:
                    open_.append((SEQUENCE_END, is_explicit and element.vr != "UN"))
                else:
                    at = element.end
            if len(open_) > 2 * MOST_DEPTH:
                raise Undecodable("its sequences are nested too deep")
        return at

    def _delimiter(self, at: int) -> tuple[int, int]:
        group, number, length = struct.unpack(f"{self._order}HHI", self.part(at, 8))
        return group << 16 | number, length

    def _element(self, at: int, explicit: bool) -> Element:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise Undecodable("it has too many elements")
        head = self.part(at, 8)
        group, number, length = struct.unpack(f"{self._order}HHI", head)
        tag = group << 16 | number
        vr, value = "", at + 8
        if explicit and group != 0xFFFE:
            raw = head[4:6]
            vr = raw.decode("latin-1")
            if raw in _LONG:
                length = struct.unpack(f"{self._order}I", self.part(at + 8, 4))[0]
                value = at + 12
            else:
                length = struct.unpack(f"{self._order}H", head[6:8])[0]
        if length == UNDEFINED:
            return Element(tag, vr, at, value, None)
        if value + length > self.size:
            raise Undecodable("an element is longer than the dataset")
        return Element(tag, vr, at, value, length)
