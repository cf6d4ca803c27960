"""An instance as one of another study: other UIDs, the other patient, and what it said before.

Its pixels and everything that tells of the picture stay as they are. What belongs to the patient,
visit and order that it was made for by mistake is taken out, and kept within the instance itself as
Original Attributes Sequence (0400,0561). Texts are written in UTF-8, so that every name fits.
PS3.3 C.12.1.1.9
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dicom_gateway.datasets.charsets import DEFAULT, Charset, charset_of
from dicom_gateway.datasets.elements import Element, Tree, elements, written
from dicom_gateway.datasets.reading import Data

STUDY: Final = 0x0020000D
SERIES: Final = 0x0020000E
INSTANCE: Final = 0x00080018
_CHARSET: Final = 0x00080005
_ORIGINAL: Final = 0x04000561
_ENCODED: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_OF_STUDY: Final = frozenset({
    0x00080020, 0x00080030, 0x00080050, 0x00080051, 0x00080090, 0x00081030, 0x00200010,
})  # fmt: skip
"""Study Date and Time, Accession Number and its issuer, referring physician, description, id."""
_OF_ORDER: Final = frozenset({
    0x00081110, 0x00081111, 0x00081120, 0x00321032, 0x00321033, 0x00321060, 0x00321064,
    0x00400253, 0x00400254, 0x00400260, 0x00400275, 0x00401001, 0x00402016, 0x00402017, 0x0040A370,
})  # fmt: skip
"""Studies, steps and requests that it refers to: they are another patient's."""
_MEASURED: Final = frozenset({0x00101010, 0x00101020, 0x00101030})
"""Age, size and weight: those of whoever was examined; doses and uptakes are computed with them."""
_VISIT: Final = 0x0038


@dataclass(frozen=True, slots=True)
class Readdressing:
    """Where instances go. `uids`: their own and their series' to the new ones.

    `study` is the UID of the new study, `identity` the attributes of patient and study there, texts
    in UTF-8.
    """

    study: str
    identity: Tree
    uids: Mapping[str, str]
    at: datetime


def readdressed(dataset: Data, transfer_syntax: str, to: Readdressing) -> tuple[bytes, str]:
    """The new dataset, and the transfer syntax that it is written in. Raises Unreadable."""
    tree, syntax = elements(dataset, transfer_syntax)
    tree = _in_utf8(tree, DEFAULT)
    said = tuple(e for e in tree if _is_replaced(e.tag))
    before = tuple(e for e in tree if e.tag in {STUDY, SERIES, INSTANCE})
    kept = {
        e.tag: _translated(e, to)
        for e in tree
        if not _is_replaced(e.tag) and e.tag not in {STUDY, _CHARSET, _ORIGINAL}
    }
    original = next((e.items or () for e in tree if e.tag == _ORIGINAL), ())
    modified = tuple(sorted((*said, *before), key=_tag))
    made = (
        *kept.values(),
        *(e for e in to.identity if e.tag not in kept and e.tag != _CHARSET),
        Element(_CHARSET, "CS", b"ISO_IR 192"),
        Element(STUDY, "UI", to.study.encode()),
        Element(_ORIGINAL, "SQ", items=(*original, _was(modified, to.at))),
    )
    return written(tuple(sorted(made, key=_tag)), syntax), syntax


def _is_replaced(tag: int) -> bool:
    """Whether it says whose it is, or for which order it was made."""
    if tag >> 16 == 0x0010:
        return tag not in _MEASURED
    return tag in _OF_STUDY or tag in _OF_ORDER or tag >> 16 == _VISIT


def _was(modified: Tree, at: datetime) -> Tree:
    """An item of Original Attributes Sequence."""
    return (
        Element(0x04000550, "SQ", items=(modified,)),
        Element(0x04000562, "DT", at.strftime("%Y%m%d%H%M%S%z").encode()),
        Element(0x04000563, "LO", b"fhirserver"),
        Element(0x04000564, "LO"),
        Element(0x04000565, "CS", b"CORRECT"),
    )


def _translated(element: Element, to: Readdressing) -> Element:
    if element.items is not None:
        return replace(element, items=tuple(_item(item, to) for item in element.items))
    return _with_new_uids(element, to.uids) if element.vr == "UI" else element


def _item(item: Tree, to: Readdressing) -> Tree:
    """An item of a sequence; one that names the moved series names their new study, too."""
    names = any(_names(e, to.uids) for e in item if e.items is not None)
    made = (_translated(e, to) for e in item)
    return tuple(
        Element(STUDY, "UI", to.study.encode()) if names and e.tag == STUDY else e for e in made
    )


def _names(element: Element, uids: Mapping[str, str]) -> bool:
    if element.items is None:
        return element.tag == SERIES and _uid(element) in uids
    return any(_names(e, uids) for item in element.items for e in item)


def _with_new_uids(element: Element, uids: Mapping[str, str]) -> Element:
    values = bytes(element.raw).decode("ascii", "replace").split("\\")
    new = [uids.get(v.strip("\0 "), v) for v in values]
    return element if new == values else replace(element, raw="\\".join(new).encode())


def _uid(element: Element) -> str:
    return bytes(element.raw).decode("ascii", "replace").strip("\0 ")


def _in_utf8(tree: Tree, charset: Charset) -> Tree:
    told = next((e for e in tree if e.tag == _CHARSET), None)
    if told is not None:
        charset = charset_of(*bytes(told.raw).decode("iso8859-1").split("\\"))
    return tuple(_recoded(e, charset) for e in tree)


def _recoded(element: Element, charset: Charset) -> Element:
    if element.items is not None:
        items = tuple(_without_charset(_in_utf8(i, charset)) for i in element.items)
        return replace(element, items=items)
    raw = bytes(element.raw) if element.vr in _ENCODED else b""
    if not raw or (raw.isascii() and 27 not in raw):
        return element
    return replace(element, raw=charset.text(raw, name=element.vr == "PN").encode())


def _without_charset(item: Tree) -> Tree:
    return tuple(e for e in item if e.tag != _CHARSET)


def _tag(element: Element) -> int:
    return element.tag
