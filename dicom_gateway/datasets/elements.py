"""A dataset as a tree of elements with their bytes, for who changes some and writes the rest back.

Lengths that were undefined come back as defined ones (but for private sequences of implicit
datasets, which nothing else shows to be sequences); nothing else changes in what isn't touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import pack
from typing import Final

from dicom_gateway.datasets import attributes
from dicom_gateway.datasets.attributes import ITEM, ITEM_END, SEQUENCE_END
from dicom_gateway.datasets.inflating import inflate
from dicom_gateway.datasets.json_model import MOST_INFLATED
from dicom_gateway.datasets.reading import DEEPEST, IMPLICIT, UNDEFINED, Data, Reader
from dicom_gateway.datasets.syntaxes import EXPLICIT_LITTLE, Encoding, encoding_of
from dicom_gateway.datasets.unreadable import Unreadable
from dicom_gateway.datasets.values import LONG, TEXTS


@dataclass(frozen=True, slots=True)
class Element:
    """One element. A sequence has `items`; encapsulated pixels are `fragments`, whose bytes are
    those between the element's head and the next element's, delimiter included.
    """

    tag: int
    vr: str
    raw: Data = b""
    items: tuple[Tree, ...] | None = None
    fragments: bool = False


Tree = tuple[Element, ...]


def elements(dataset: Data, transfer_syntax: str) -> tuple[Tree, str]:
    """The whole dataset's elements, and the transfer syntax in which `written` writes them: the
    same, but that deflated ones are written inflated.
    """
    encoding = encoding_of(transfer_syntax)
    if encoding.deflated:
        dataset, whole = inflate(dataset, MOST_INFLATED)
        if not whole:
            raise Unreadable("the deflated data end too early, or are more than 256 MB")
        transfer_syntax = EXPLICIT_LITTLE
    reader = Reader(memoryview(dataset), complete=True)
    explicit = reader.is_explicit(0, reader.size, encoding.explicit, nested=False)
    if explicit != encoding.explicit:  # It says what it isn't; what we write says the truth.
        transfer_syntax = EXPLICIT_LITTLE if explicit else "1.2.840.10008.1.2"
    tree, _ = _tree(reader, 0, reader.size, explicit, encoding.little, 0)
    return tree, transfer_syntax


def _tree(
    reader: Reader, pos: int, end: int | None, explicit: bool, little: bool, depth: int
) -> tuple[Tree, int]:
    limit = reader.size if end is None else end
    if limit > reader.size:
        raise reader.cut(limit)
    explicit = reader.is_explicit(pos, limit, explicit, nested=depth > 0)
    found: list[Element] = []
    while pos + 8 <= limit:
        tag, vr, length, at = reader.head(pos, explicit, little)
        if tag == ITEM_END:
            return tuple(found), (pos + 8 if end is None else end)
        if tag == SEQUENCE_END:
            return tuple(found), (pos if end is None else end)
        plain = vr == "UN" and explicit  # A sequence called unknown is implicit little endian.
        if not vr or (vr == "UN" and not tag >> 16 & 1):
            vr = attributes.representation(tag)
            vr = "US" if vr == "US or SS" else vr
        if length == UNDEFINED:
            if vr in {"SQ", "UN"}:
                inner = (explicit and not plain, little or plain)
                items, pos = _items(reader, at, None, *inner, depth + 1, tag)
                found.append(Element(tag, "SQ", items=items))
                continue
            pos = reader.skip(at, explicit, little, tag)
            found.append(Element(tag, vr, reader.data[at:pos], fragments=True))
            continue
        pos = at + length
        if pos > limit:
            if limit == reader.size:
                raise reader.cut(pos, tag)
            raise Unreadable("an element is longer than its item", tag=tag, at=at)
        if vr == "SQ":
            inner = (explicit and not plain, little or plain)
            items, _ = _items(reader, at, pos, *inner, depth + 1, tag)
            found.append(Element(tag, "SQ", items=items))
        else:
            found.append(Element(tag, vr, reader.data[at:pos]))
    if end is None and depth:
        raise reader.cut(pos + 8)
    return tuple(found), limit


def _items(
    reader: Reader, pos: int, end: int | None, explicit: bool, little: bool, depth: int, tag: int
) -> tuple[tuple[Tree, ...], int]:
    if depth > DEEPEST:
        raise Unreadable(f"sequences are nested more than {DEEPEST} deep", tag=tag, at=pos)
    found: list[Tree] = []
    while end is None or pos < end:
        if pos + 8 > reader.size:
            raise reader.cut(pos + 8, tag)
        group, element, length = IMPLICIT[little](reader.data, pos)
        delimiter = group << 16 | element
        if delimiter == SEQUENCE_END:
            return tuple(found), (pos + 8 if end is None else end)
        if delimiter != ITEM:
            raise Unreadable("there is something else than an item", tag=tag, at=pos)
        stop = None if length == UNDEFINED else pos + 8 + length
        if stop is not None and end is not None and stop > end:
            raise Unreadable("an item is longer than its sequence", tag=tag, at=pos)
        item, pos = _tree(reader, pos + 8, stop, explicit, little, depth)
        found.append(item)
    return tuple(found), pos


_LONG: Final = frozenset(vr.decode("ascii") for vr in LONG)


def written(tree: Tree, transfer_syntax: str) -> bytes:
    """The elements' bytes, in their order."""
    chunks: list[Data] = []
    _write(tree, encoding_of(transfer_syntax), chunks)
    return b"".join(chunks)


def _write(tree: Tree, encoding: Encoding, chunks: list[Data]) -> int:
    """Append the elements' bytes; their length."""
    total = 0
    order = "<" if encoding.little else ">"
    for element in tree:
        place = len(chunks)
        chunks.append(b"")
        length = len(element.raw)
        body = element.raw
        if element.items is not None:
            length = 0
            for item in element.items:
                head = len(chunks)
                chunks.append(b"")
                size = _write(item, encoding, chunks)
                chunks[head] = pack(f"{order}HHI", ITEM >> 16, ITEM & 0xFFFF, size)
                length += 8 + size
            if _is_undefined(element, encoding):
                chunks.append(pack(f"{order}HHI", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0))
                length += 8
        elif length % 2 and not element.fragments:
            body = bytes(body) + (b" " if element.vr in TEXTS and element.vr != "UI" else b"\0")
            length += 1
        chunks[place] = head_bytes = _head(element, length, encoding, order)
        if element.items is None:
            chunks.append(body)
        total += len(head_bytes) + length
    return total


def _is_undefined(element: Element, encoding: Encoding) -> bool:
    private = element.items is not None and not encoding.explicit and bool(element.tag >> 16 & 1)
    return element.fragments or private


def _head(element: Element, length: int, encoding: Encoding, order: str) -> bytes:
    group, number = element.tag >> 16, element.tag & 0xFFFF
    size = UNDEFINED if _is_undefined(element, encoding) else length
    if not encoding.explicit:
        return pack(f"{order}HHI", group, number, size)
    vr = element.vr
    if vr not in _LONG and size > 0xFFFF:
        vr = "UN"  # PS3.5 6.2.2 note 5: what is too long for its representation's length field.
    if vr in _LONG:
        return pack(f"{order}HH2sHI", group, number, vr.encode("ascii"), 0, size)
    return pack(f"{order}HH2sH", group, number, vr.encode("ascii"), size)
