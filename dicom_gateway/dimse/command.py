"""Command sets of DIMSE messages: group 0000, always Implicit VR Little Endian.

https://dicom.nema.org/medical/dicom/current/output/chtml/part07/chapter_E.html
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final

Value = str | int | tuple[int, ...]
Command = Mapping[str, Value]

NO_DATASET: Final = 0x0101
RESPONSE: Final = 0x8000
"""What the field of a response has and that of its request hasn't."""

FIELD: Final[dict[str, int]] = {
    "C-STORE": 0x0001, "C-GET": 0x0010, "C-FIND": 0x0020, "C-MOVE": 0x0021, "C-ECHO": 0x0030,
    "N-EVENT-REPORT": 0x0100, "N-GET": 0x0110, "N-SET": 0x0120, "N-ACTION": 0x0130,
    "N-CREATE": 0x0140, "N-DELETE": 0x0150, "C-CANCEL": 0x0FFF,
}  # fmt: skip
NAME: Final[dict[int, str]] = {number: name for name, number in FIELD.items()}

# PS3.7 table E.1-1: element number, keyword, value representation. AT has any number of values.
_ELEMENTS: Final = (
    (0x0002, "AffectedSOPClassUID", "UI"),
    (0x0003, "RequestedSOPClassUID", "UI"),
    (0x0100, "CommandField", "US"),
    (0x0110, "MessageID", "US"),
    (0x0120, "MessageIDBeingRespondedTo", "US"),
    (0x0600, "MoveDestination", "AE"),
    (0x0700, "Priority", "US"),
    (0x0800, "CommandDataSetType", "US"),
    (0x0900, "Status", "US"),
    (0x0901, "OffendingElement", "AT"),
    (0x0902, "ErrorComment", "LO"),
    (0x0903, "ErrorID", "US"),
    (0x1000, "AffectedSOPInstanceUID", "UI"),
    (0x1001, "RequestedSOPInstanceUID", "UI"),
    (0x1002, "EventTypeID", "US"),
    (0x1005, "AttributeIdentifierList", "AT"),
    (0x1008, "ActionTypeID", "US"),
    (0x1020, "NumberOfRemainingSuboperations", "US"),
    (0x1021, "NumberOfCompletedSuboperations", "US"),
    (0x1022, "NumberOfFailedSuboperations", "US"),
    (0x1023, "NumberOfWarningSuboperations", "US"),
    (0x1030, "MoveOriginatorApplicationEntityTitle", "AE"),
    (0x1031, "MoveOriginatorMessageID", "US"),
)
_BY_NUMBER: Final = {number: (keyword, vr) for number, keyword, vr in _ELEMENTS}

_HEAD: Final = struct.Struct("<HHI")
_COMMENT_LENGTH: Final = 64


class UnreadableCommand(ValueError):
    """Bytes that are no command set."""


def decoded(raw: bytes) -> dict[str, Value]:
    """The elements of a command set by keyword; retired and unknown ones are left out.

    >>> decoded(encoded({"CommandField": 0x0030, "MessageID": 7}))["MessageID"]
    7
    """
    found: dict[str, Value] = {}
    at, end = 0, len(raw)
    while at < end:
        if end - at < _HEAD.size:
            raise UnreadableCommand(f"an element is cut off at {at}")
        group, number, length = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        if group != 0 or length > end - at:
            raise UnreadableCommand(f"an element is not of group 0000, or too long, at {at}")
        known = _BY_NUMBER.get(number)
        if known is not None:
            found[known[0]] = _value(known[1], raw[at : at + length])
        at += length
    return found


def encoded(command: Command) -> bytes:
    """A command set in bytes, its group length included; what is None isn't written."""
    pieces = []
    for number, keyword, vr in _ELEMENTS:
        value = command.get(keyword)
        if value is not None:
            raw = _raw(vr, value)
            pieces += [_HEAD.pack(0, number, len(raw)), raw]
    body = b"".join(pieces)
    return _HEAD.pack(0, 0, 4) + struct.pack("<I", len(body)) + body


def has_dataset(command: Command) -> bool:
    """Whether a dataset follows the command."""
    return command.get("CommandDataSetType", NO_DATASET) != NO_DATASET


def text(command: Command, *keywords: str) -> str:
    """The first of some texts that a command has; empty without one."""
    return next((v for k in keywords if isinstance(v := command.get(k), str)), "")


def number(command: Command, keyword: str, otherwise: int = 0) -> int:
    """A number of a command."""
    value = command.get(keyword)
    return value if isinstance(value, int) else otherwise


def _value(vr: str, raw: bytes) -> Value:
    if vr in {"US", "AT"}:
        if len(raw) % 2 or not raw:
            raise UnreadableCommand("a number has no even count of bytes")
        numbers = struct.unpack(f"<{len(raw) // 2}H", raw)
        if vr == "US":
            return int(numbers[0])
        return tuple(g << 16 | e for g, e in zip(numbers[::2], numbers[1::2], strict=False))
    # Some pad UIDs with spaces, and titles with NUL.
    return raw.decode("ascii", errors="replace").strip(" \0")


def _raw(vr: str, value: Value) -> bytes:
    if vr == "US":
        assert isinstance(value, int)
        return struct.pack("<H", value)
    if vr == "AT":
        tags: Sequence[int] = (value,) if isinstance(value, int) else value  # type: ignore[assignment]
        return b"".join(struct.pack("<HH", t >> 16, t & 0xFFFF) for t in tags)
    raw = str(value).encode("ascii", errors="replace")
    if vr == "LO":
        raw = raw[:_COMMENT_LENGTH]
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)
