"""What an instance says of itself, from the beginning of its dataset: the receive path's own walk.

Only attributes that are asked for become objects; everything else is stepped over by its length.
"""

from __future__ import annotations

from typing import Any, Final

from dicom_gateway.datasets import attributes
from dicom_gateway.datasets.attributes import CONTENT, ITEM_END, LAST, SEQUENCE_END, WANTED
from dicom_gateway.datasets.charsets import DEFAULT, charset_of
from dicom_gateway.datasets.inflating import inflate
from dicom_gateway.datasets.reading import (
    EXPLICIT,
    IMPLICIT,
    LENGTH,
    UNDEFINED,
    Data,
    Reader,
    any_value,
)
from dicom_gateway.datasets.syntaxes import encoding_of
from dicom_gateway.datasets.uids import is_uid
from dicom_gateway.datasets.unreadable import NeedMore, Unreadable
from dicom_gateway.datasets.values import LONG, SHORT, TEXTS
from fhirserver.instances import Facts

LONGEST_HEAD: Final = 64 << 20
"""No instance has so much before its pixels; beyond it nobody waits for the attributes."""
_MOST_ELEMENTS: Final = 200_000
_UIDS: Final = {
    attributes.SOP_CLASS: "SOP Class UID",
    attributes.INSTANCE: "SOP Instance UID",
    attributes.STUDY: "Study Instance UID",
    attributes.SERIES: "Series Instance UID",
}
_NAMES: Final = {tag: f"{tag:08X}" for tag in WANTED}
_PIXEL_GROUP: Final = 0x7FE00000
_DELIMITERS: Final = frozenset({ITEM_END, SEQUENCE_END})


def facts(dataset: Data, transfer_syntax: str, *, complete: bool = False) -> Facts:
    """The facts in the beginning of a dataset (no preamble, no group 2).

    NeedMore where the beginning is too short; `complete` says that there is no more, so that the
    end of the bytes is the end of the dataset. Unreadable where it can't be walked, or one of the
    four UIDs is missing or none.
    """
    encoding = encoding_of(transfer_syntax)
    if not encoding.deflated:
        reader = Reader(bytes(dataset), complete=complete, elements=_MOST_ELEMENTS)
        return _facts(_keys(reader, encoding.explicit, encoding.little), transfer_syntax)
    most = 1 << 16
    while True:
        data, whole = inflate(dataset, most)
        try:
            reader = Reader(data, complete=whole, elements=_MOST_ELEMENTS)
            return _facts(_keys(reader, encoding.explicit, encoding.little), transfer_syntax)
        except NeedMore:
            if len(data) < most:  # All that has come is inflated.
                if complete:
                    raise Unreadable("the deflated data end too early") from None
                raise NeedMore(len(dataset) * 2) from None
            most *= 4
            if most > LONGEST_HEAD:
                raise Unreadable("the attributes don't end before 64 MB") from None


def _facts(keys: dict[str, Any], transfer_syntax: str) -> Facts:
    uids = {}
    for tag, name in _UIDS.items():
        values = keys.get(_NAMES[tag], {}).get("Value")
        if values is None:
            raise Unreadable(f"there is no {name}", tag=tag)
        if len(values) > 1 or not isinstance(values[0], str) or not is_uid(values[0]):
            raise Unreadable(f"the {name} is no UID", tag=tag)
        uids[tag] = values[0]
    return Facts(
        study=uids[attributes.STUDY],
        series=uids[attributes.SERIES],
        instance=uids[attributes.INSTANCE],
        sop_class=uids[attributes.SOP_CLASS],
        transfer_syntax=transfer_syntax,
        keys=keys,
    )


def _keys(reader: Reader, explicit: bool, little: bool) -> dict[str, Any]:
    """The wanted attributes. Ends past the last of them, once the four UIDs are known."""
    data, size = bytes(reader.data), reader.size
    explicit = reader.is_explicit(0, size, explicit, nested=False)
    unpack, unpack_implicit, unpack_length = EXPLICIT[little], IMPLICIT[little], LENGTH[little]
    wanted, texts, long_ones, short_ones = WANTED.get, TEXTS.get, LONG, SHORT
    charset = DEFAULT
    keys: dict[str, Any] = {}
    pos = 0
    last = size - 8
    left = _MOST_ELEMENTS
    while True:
        if pos > last:
            if reader.complete and pos <= size:
                return keys
            raise _cut(reader, pos + 8)
        length: int
        vr: str
        if explicit:
            group, element, letters, length = unpack(data, pos)
            if letters in short_ones:
                at = pos + 8
            elif letters in long_ones:
                at = pos + 12
                if at > size:
                    raise _cut(reader, at, group << 16 | element)
                length = unpack_length(data, pos + 8)[0]
            else:
                tag, vr, length, at = reader.head(pos, explicit, little)
                letters = vr.encode("ascii")
        else:
            group, element, length = unpack_implicit(data, pos)
            letters = b""
            at = pos + 8
        tag = group << 16 | element
        known = wanted(tag)
        if known is None or _NAMES[tag] in keys:  # Of those that come again the first counts.
            if (tag > LAST or tag == CONTENT) and (tag >= _PIXEL_GROUP or _has_uids(keys)):
                if tag in _DELIMITERS:
                    raise Unreadable("there is a delimiter without its item", tag=tag, at=pos)
                return keys
            left -= 1
            if left < 0:
                raise Unreadable("there are too many elements", tag=tag, at=pos)
            if length != UNDEFINED:
                pos = at + length
            else:
                plain = letters == b"UN"
                pos = reader.skip(at, explicit and not plain, little or plain, tag)
            continue
        vr = letters.decode("ascii") or known
        if length == UNDEFINED or vr == "SQ":
            if vr not in {"SQ", "UN"}:
                raise Unreadable("a value has no length", tag=tag, at=pos)
            end = None if length == UNDEFINED else at + length
            if end is not None and end > size:
                raise _cut(reader, end, tag)
            plain = vr == "UN"
            items, pos = reader.items(
                at, end, explicit and not plain, little or plain, charset, 1, _NAMES[tag], tag
            )
            keys[_NAMES[tag]] = {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
            continue
        pos = at + length
        if pos > size:
            raise _cut(reader, pos, tag)
        decode = texts(vr)
        if decode is None or length == 0:
            keys[_NAMES[tag]] = reader.value(tag, vr, at, length, little, charset, "", 0) or {}
            continue
        values = decode(data[at:pos], charset)
        keys[_NAMES[tag]] = {"vr": vr, "Value": values} if any_value(values) else {"vr": vr}
        if tag == attributes.CHARACTER_SET:
            charset = charset_of(*(str(v or "") for v in values))


def _has_uids(keys: dict[str, Any]) -> bool:
    return all(_NAMES[tag] in keys for tag in _UIDS)


def _cut(reader: Reader, wanted: int, tag: int | None = None) -> Unreadable | NeedMore:
    if wanted > LONGEST_HEAD:
        return Unreadable("the attributes don't end before 64 MB", tag=tag)
    return reader.cut(wanted, tag)
