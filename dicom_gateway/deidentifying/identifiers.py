"""Names, ids and dates that a dataset itself says of its patient and staff, found again in texts.

The profile keeps many texts that aren't meant for identities; people write them there all the same.
"""

from __future__ import annotations

import re
from typing import Final

from dicom_gateway.datasets.charsets import DEFAULT, Charset, charset_of
from dicom_gateway.datasets.elements import Tree
from dicom_gateway.datasets.reading import Data
from dicom_gateway.datasets.values import TEXTS

_IDS: Final = frozenset({
    0x00080050,  # Accession Number
    0x00100020,  # Patient ID
    0x00101000,  # Other Patient IDs
    0x00101001,  # Other Patient Names
    0x00101040,  # Patient's Address
    0x00102154,  # Patient's Telephone Numbers
    0x00200010,  # Study ID
    0x00380010,  # Admission ID
    0x00401001,  # Requested Procedure ID
    0x00402016,  # Placer Order Number
    0x00402017,  # Filler Order Number
})  # fmt: skip
_INSTITUTION: Final = frozenset({0x00080080, 0x00080081, 0x00081040})
_DATES: Final = frozenset({0x00100030, 0x00080020, 0x00080021, 0x00080022, 0x00080023})
_WORD: Final = re.compile(r"[^\W_]+")
_TEXTS: Final = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
CODED: Final = frozenset({0x00080100, 0x00080102, 0x00080103, 0x00080119, 0x00080120})


def known(tree: Tree, *, institution: bool, dates: bool) -> re.Pattern[str] | None:
    """A pattern of what identifies: names from three letters on, ids from four characters on."""
    found: set[str] = set()
    _collect(tree, DEFAULT, found, _INSTITUTION if institution else frozenset(), dates=dates)
    if not found:
        return None
    longest_first = sorted(found, key=lambda one: (-len(one), one))
    return re.compile(
        rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest_first))})(?![^\W_])", re.IGNORECASE
    )


def _collect(
    tree: Tree, charset: Charset, found: set[str], more: frozenset[int], *, dates: bool
) -> None:
    for element in tree:
        if element.items is not None:
            for item in element.items:
                _collect(item, charset, found, more, dates=dates)
            continue
        if element.tag >> 16 & 1 or element.vr not in TEXTS or len(element.raw) > 4096:
            continue
        if element.tag == 0x00080005:
            charset = charset_of(*bytes(element.raw).decode("iso8859-1").split("\\"))
        elif element.vr == "PN":
            text = charset.text(bytes(element.raw), name=True)
            found.update(word for word in _WORD.findall(text) if len(word) >= 3)
        elif element.tag in _IDS or element.tag in more:
            text = charset.text(bytes(element.raw))
            found.update(v for part in text.split("\\") if len(v := part.strip("\0 ")) >= 4)
        elif element.tag in _DATES and (dates or element.tag == 0x00100030):
            text = bytes(element.raw).decode("iso8859-1").strip("\0 ")
            if re.fullmatch(r"\d{8}", text):
                found.add(text)


def swept(
    raw: Data, vr: str, tag: int, charset: Charset, pattern: re.Pattern[str] | None
) -> bytes | None:
    """A kept text without what identifies, a number that is an identifier as nothing; None where
    there is nothing of it. A text with other letters than ASCII goes as a whole: its escapes can't
    be written back.
    """
    if pattern is None or tag in CODED:
        return None
    if vr == "IS" and tag >> 16 == 0x0020:  # numbers of series and the like, which may be an id
        values = bytes(raw).decode("iso8859-1").strip("\0 ").split("\\")
        return b"" if any(pattern.fullmatch(value.strip()) for value in values) else None
    if vr not in _TEXTS:
        return None
    text = charset.text(bytes(raw))
    cleaned = pattern.sub("REMOVED", text)
    if cleaned == text:
        return None
    return cleaned.encode("ascii") if cleaned.isascii() else b"REMOVED"
