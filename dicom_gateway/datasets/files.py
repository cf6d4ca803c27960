"""The head of a DICOM file (PS3.10 section 7): preamble, DICM, and the elements of group 2."""

from __future__ import annotations

from dataclasses import dataclass
from struct import pack
from typing import Final

from dicom_gateway.datasets.reading import Data, Reader
from dicom_gateway.datasets.syntaxes import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
)  # fmt: skip
from dicom_gateway.datasets.uids import IMPLEMENTATION, IMPLEMENTATION_VERSION, is_uid
from dicom_gateway.datasets.unreadable import NeedMore, Unreadable
from dicom_gateway.datasets.values import LONG, SHORT
from fhirserver.instances import Facts

_LONGEST: Final = 1 << 20
_META: Final = {
    0x00020002: "sop_class", 0x00020003: "instance", 0x00020010: "transfer_syntax",
    0x00020012: "implementation", 0x00020016: "source",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meta:
    """What group 2 says; empty where it says nothing. `transfer_syntax` is guessed then, and
    `guessed` is true.
    """

    transfer_syntax: str
    sop_class: str = ""
    instance: str = ""
    implementation: str = ""
    source: str = ""
    guessed: bool = False


def file_head(facts: Facts, source: str = "") -> bytes:
    """The bytes before the dataset of a file that we write; `source` is who sent it (AE title)."""
    elements = b"".join(
        (
            pack("<HH2sHI", 2, 1, b"OB", 0, 2) + b"\0\1",
            _uid(0x02, facts.sop_class),
            _uid(0x03, facts.instance),
            _uid(0x10, facts.transfer_syntax),
            _uid(0x12, IMPLEMENTATION),
            _text(0x13, b"SH", IMPLEMENTATION_VERSION),
            _text(0x16, b"AE", source[:16]) if source.strip() else b"",
        )
    )
    return b"\0" * 128 + b"DICM" + pack("<HH2sHI", 2, 0, b"UL", 4, len(elements)) + elements


def _uid(element: int, uid: str) -> bytes:
    raw = uid.encode("ascii")
    raw += b"\0" * (len(raw) % 2)
    return pack("<HH2sH", 2, element, b"UI", len(raw)) + raw


def _text(element: int, vr: bytes, text: str) -> bytes:
    raw = text.encode("ascii", "replace")
    raw += b" " * (len(raw) % 2)
    return pack("<HH2sH", 2, element, vr, len(raw)) + raw


def read_file_head(data: Data) -> tuple[Meta, int]:
    """What group 2 says, and where the dataset begins. A file may lack its preamble, its group 2
    or the transfer syntax in it; Unreadable where it is nothing of DICOM, NeedMore where the head
    goes on past the bytes given.
    """
    at = _beginning(data)
    found: dict[str, str] = {}
    at = _group_two(data, at, found)
    declared = is_uid(found.get("transfer_syntax", ""))
    return Meta(
        transfer_syntax=found["transfer_syntax"] if declared else guess(data, at),
        sop_class=found.get("sop_class", ""),
        instance=found.get("instance", ""),
        implementation=found.get("implementation", ""),
        source=found.get("source", ""),
        guessed=not declared,
    ), at


def _beginning(data: Data) -> int:
    if bytes(data[128:132]) == b"DICM":
        return 132
    if bytes(data[:4]) == b"DICM":
        return 4
    return 0


def _group_two(data: Data, at: int, found: dict[str, str]) -> int:
    """Walk the elements of group 2: their group length is often wrong or missing."""
    reader = Reader(data, complete=False)
    start = at
    while at + 8 <= reader.size and bytes(data[at : at + 2]) == b"\2\0":
        explicit = bytes(data[at + 4 : at + 6]) in LONG | SHORT
        tag, _, length, value = reader.head(at, explicit, True)
        at = value + length
        if at > _LONGEST:
            raise Unreadable("group 2 doesn't end before 1 MB", tag=tag, at=value)
        if at > reader.size:
            raise NeedMore(at)
        name = _META.get(tag)
        if name is not None:
            raw = bytes(data[value:at])
            found[name] = raw.decode("iso8859-1").strip("\0 ")
    if at + 8 > reader.size and reader.size < _LONGEST and at > start:
        raise NeedMore(at + 8)
    return at


def guess(data: Data, at: int) -> str:
    """The transfer syntax of a dataset that doesn't tell, by its first element.

    It is in group 8 as a rule, and never past the patient's group.
    """
    head = bytes(data[at : at + 8])
    if len(head) < 8:
        raise Unreadable("this is no DICOM: too few bytes", at=at)
    little, big = int.from_bytes(head[:2], "little"), int.from_bytes(head[:2], "big")
    if head[4:6] in LONG | SHORT:
        if 2 < little <= 0x0020:
            return EXPLICIT_LITTLE
        if 2 < big <= 0x0020:
            return EXPLICIT_BIG
    elif 2 < little <= 0x0020 and int.from_bytes(head[4:8], "little") <= 0x10000:
        return IMPLICIT_LITTLE
    raise Unreadable("this is no DICOM: no dataset begins here", at=at)
