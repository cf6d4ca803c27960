"""Elements, items and sequences (PS3.5 section 7) to the DICOM JSON model, by one walk.

Tolerant as archives must be: an item that is written implicitly within an explicit dataset, UN that
is a sequence (6.2.2), delimiters where lengths are given. What can't be walked is Unreadable.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

from dicom_gateway.datasets import attributes
from dicom_gateway.datasets.attributes import ITEM, ITEM_END, SEQUENCE_END
from dicom_gateway.datasets.charsets import DEFAULT, Charset, charset_of
from dicom_gateway.datasets.unreadable import NeedMore, Unreadable
from dicom_gateway.datasets.values import (
    BINARY,
    LONG,
    NUMERIC,
    SHORT,
    TEXTS,
    inline,
    numbers,
    written_decimals,
)

Data = bytes | bytearray | memoryview
Model = dict[str, Any]

UNDEFINED: Final = 0xFFFFFFFF
DEEPEST: Final = 64
MOST_ELEMENTS: Final = 1_000_000
BULK_BINARY: Final = 1024
BULK_TEXT: Final = 65_536

EXPLICIT: Final = {True: Struct("<HH2sH").unpack_from, False: Struct(">HH2sH").unpack_from}
IMPLICIT: Final = {True: Struct("<HHI").unpack_from, False: Struct(">HHI").unpack_from}
LENGTH: Final = {True: Struct("<I").unpack_from, False: Struct(">I").unpack_from}
_VRS: Final = {vr: vr.decode("ascii") for vr in LONG | SHORT}


class Reader:
    """A walk over one dataset's bytes; `bulk` is the address below which large values lie, `exact`
    keeps decimal strings as texts.
    """

    __slots__ = ("bulk", "complete", "data", "exact", "left", "size")

    def __init__(
        self,
        data: Data,
        *,
        complete: bool,
        bulk: str | None = None,
        exact: bool = False,
        elements: int = MOST_ELEMENTS,
    ) -> None:
        self.data = data
        self.size = len(data)
        self.complete = complete
        self.bulk = bulk
        self.exact = exact
        self.left = elements

    def cut(self, wanted: int, tag: int | None = None) -> Unreadable | NeedMore:
        """What to raise where the bytes end too early."""
        if self.complete:
            return Unreadable("the data end too early", tag=tag, at=self.size)
        return NeedMore(wanted)

    def is_explicit(self, pos: int, end: int, explicit: bool, *, nested: bool) -> bool:
        """How the dataset at `pos` is really written: some declare one way and write the other."""
        if pos + 6 > end:
            return explicit
        vr = bytes(self.data[pos + 4 : pos + 6])
        if explicit:
            letters = 0x41 <= vr[0] <= 0x5A and 0x41 <= vr[1] <= 0x5A
            return letters or bytes(self.data[pos : pos + 2]) in {b"\xfe\xff", b"\xff\xfe"}
        return not nested and vr in _VRS

    def head(self, pos: int, explicit: bool, little: bool) -> tuple[int, str, int, int]:
        """An element's tag, representation ("" where the dictionary must say), length, and the
        place of its value; 8 bytes must be there.
        """
        self.left -= 1
        if self.left < 0:
            raise Unreadable("there are too many elements", at=pos)
        if explicit:
            group, element, letters, length = EXPLICIT[little](self.data, pos)
            tag = group << 16 | element
            if letters in SHORT:
                return tag, _VRS[letters], length, pos + 8
            if letters in LONG:
                if pos + 12 > self.size:
                    raise self.cut(pos + 12, tag)
                return tag, _VRS[letters], LENGTH[little](self.data, pos + 8)[0], pos + 12
            if b"AA" <= letters <= b"ZZ":  # not one that we know: as in PS3.5 before 2014
                return tag, "UN", length, pos + 8
        group, element, length = IMPLICIT[little](self.data, pos)
        return group << 16 | element, "", length, pos + 8

    def dataset(
        self, pos: int, end: int | None, explicit: bool, little: bool,
        charset: Charset = DEFAULT, depth: int = 0, path: str = "", signed: bool = False,
    ) -> tuple[Model, int]:  # fmt: skip
        """The elements from `pos` to `end`, or to the item's delimiter; and where they ended."""
        size = self.size
        limit = size if end is None else end
        if limit > size:
            raise self.cut(limit)
        if depth and end == pos:
            return {}, pos
        explicit = self.is_explicit(pos, limit, explicit, nested=depth > 0)
        model: Model = {}
        while pos + 8 <= limit:
            tag, vr, length, at = self.head(pos, explicit, little)
            if tag == ITEM_END:
                return model, (pos + 8 if end is None else end)
            if tag == SEQUENCE_END:
                return model, (pos if end is None else end)
            if not vr:
                vr = attributes.representation(tag)
                if vr == "US or SS":
                    vr = "SS" if signed else "US"
            name = f"{tag:08X}"
            if name in model:  # Attributes that come again are stepped over: the first one counts.
                pos = self.skip(at, explicit, little, tag) if length == UNDEFINED else at + length
                if pos > limit:
                    raise self.cut(pos, tag)
                continue
            if length == UNDEFINED:
                if tag in attributes.PIXELS and self.bulk is not None:
                    model[name] = {
                        "vr": "OB" if vr == "UN" else vr,
                        "BulkDataURI": self.bulk + path + name,
                    }
                    if depth == 0 and not self.complete:
                        return model, size
                    pos = self.skip(at, explicit, little)
                    continue
                if vr not in {"SQ", "UN"}:
                    pos = self.skip(at, explicit, little, tag)
                    if self.bulk is not None:
                        model[name] = {"vr": vr, "BulkDataURI": self.bulk + path + name}
                    continue
                plain = vr == "UN" and explicit
                items, pos = self.items(
                    at,
                    None,
                    explicit and not plain,
                    little or plain,
                    charset,
                    depth + 1,
                    path + name,
                    tag,
                )
                model[name] = {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
                continue
            pos = at + length
            if pos > limit:
                if tag in attributes.PIXELS and depth == 0 and self.bulk is not None:
                    model[name] = {"vr": vr, "BulkDataURI": self.bulk + path + name}
                    return model, size
                if limit == size:
                    raise self.cut(pos, tag)
                raise Unreadable("an element is longer than its item", tag=tag, at=at)
            if vr == "SQ":
                items, _ = self.items(
                    at, pos, explicit, little, charset, depth + 1, path + name, tag
                )
                model[name] = {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
                continue
            value = self.value(tag, vr, at, length, little, charset, path + name, depth, signed)
            if value is None:
                continue
            model[name] = value
            if tag == attributes.CHARACTER_SET:
                charset = charset_of(*(str(v or "") for v in value.get("Value", ())))
            elif tag == attributes.PIXEL_REPRESENTATION:
                signed = value.get("Value") == [1]
        if pos < limit and depth:
            raise Unreadable("an item ends within an element's head", at=pos)
        if end is None and depth:
            raise self.cut(pos + 8)
        return model, limit

    def value(
        self, tag: int, vr: str, at: int, length: int, little: bool,
        charset: Charset, path: str, depth: int, signed: bool = False,
    ) -> Model | None:  # fmt: skip
        """An element's value that is no sequence; None for what the model leaves out."""
        if not tag & 0xFFFF:
            return None  # Group lengths say nothing of the patient or image (PS3.18 F.2.2).
        if vr == "UN" and tag >> 16 & 1 == 0:
            known = attributes.representation(tag)
            if known == "SQ":
                items, _ = self.items(at, at + length, False, True, charset, depth + 1, path, tag)
                return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
            if known != "UN":
                vr, little = known, True
                if vr == "US or SS":
                    vr = "SS" if signed else "US"
        if length == 0:
            return {"vr": vr}
        bulk = self.bulk
        if bulk is not None and (
            length > (BULK_TEXT if vr in TEXTS else BULK_BINARY) or tag in attributes.PIXELS
        ):
            return {"vr": vr, "BulkDataURI": bulk + path}
        raw = bytes(self.data[at : at + length])
        decode = TEXTS.get(vr)
        if vr == "DS" and self.exact:
            values = written_decimals(raw)
        elif decode is not None:
            values = decode(raw, charset)
        elif vr in NUMERIC:
            values = numbers(raw, vr, little)
        elif vr in BINARY:
            return {"vr": vr, "InlineBinary": inline(raw, vr, little)}
        else:
            raise Unreadable("there is no such value representation", tag=tag, at=at)
        return {"vr": vr, "Value": values} if any_value(values) else {"vr": vr}

    def items(
        self, pos: int, end: int | None, explicit: bool, little: bool,
        charset: Charset, depth: int, path: str, tag: int,
    ) -> tuple[list[Model], int]:  # fmt: skip
        """A sequence's items to `end` or its delimiter, and where it ended."""
        if depth > DEEPEST:
            raise Unreadable(f"sequences are nested more than {DEEPEST} deep", tag=tag, at=pos)
        found: list[Model] = []
        unpack = IMPLICIT[little]
        while end is None or pos < end:
            if pos + 8 > (self.size if end is None else end):
                if end is not None and end < self.size:
                    raise Unreadable("a sequence ends within an item's head", tag=tag, at=pos)
                raise self.cut(pos + 8, tag)
            group, element, length = unpack(self.data, pos)
            delimiter = group << 16 | element
            if delimiter == SEQUENCE_END:
                return found, (pos + 8 if end is None else end)
            if delimiter != ITEM:
                raise Unreadable("there is something else than an item", tag=tag, at=pos)
            self.left -= 1
            if self.left < 0:
                raise Unreadable("there are too many items", tag=tag, at=pos)
            stop = None if length == UNDEFINED else pos + 8 + length
            if stop is not None and end is not None and stop > end:
                raise Unreadable("an item is longer than its sequence", tag=tag, at=pos)
            item, pos = self.dataset(
                pos + 8, stop, explicit, little, charset, depth, f"{path}/{len(found)}/"
            )
            found.append(item)
        return found, pos

    def skip(self, pos: int, explicit: bool, little: bool, tag: int | None = None) -> int:
        """Where a sequence (or encapsulated pixels) of undefined length, whose first item lies at
        `pos`, has ended; by a stack, not by recursion.
        """
        stack = [(True, explicit, little)]
        while stack:
            if pos + 8 > self.size:
                raise self.cut(pos + 8, tag)
            in_sequence, explicit, little = stack[-1]
            if in_sequence:
                group, element, length = IMPLICIT[little](self.data, pos)
                delimiter = group << 16 | element
                pos += 8
                if delimiter == SEQUENCE_END:
                    stack.pop()
                elif delimiter != ITEM:
                    raise Unreadable("there is something else than an item", tag=tag, at=pos - 8)
                elif length == UNDEFINED:
                    explicit = self.is_explicit(pos, self.size, explicit, nested=True)
                    stack.append((False, explicit, little))
                else:
                    pos += length
                self.left -= 1
                if self.left < 0:
                    raise Unreadable("there are too many elements", tag=tag, at=pos)
                continue
            inner, vr, length, at = self.head(pos, explicit, little)
            if inner == ITEM_END:
                stack.pop()
                pos += 8
            elif length == UNDEFINED:
                plain = vr == "UN"
                stack.append((True, explicit and not plain, little or plain))
                pos = at
                if len(stack) > 2 * DEEPEST:
                    raise Unreadable(
                        f"sequences are nested more than {DEEPEST} deep", tag=tag, at=pos
                    )
            else:
                pos = at + length
        return pos


def any_value(values: list[Any]) -> bool:
    """Whether there is a value at all: a lone empty one is none."""
    return len(values) > 1 or (bool(values) and values[0] is not None)
