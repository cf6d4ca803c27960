"""Files and batches: many messages one after the other, between FHS, BHS, BTS and FTS.

HL7 version 2.8.2, 2.10.3. A file of messages without these segments, or with MLLP's marks between
them, is read as well, and so is one in UTF-16, whose messages come out in UTF-8. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hl7v2_gateway.er7 import Malformed, narrowed

_BEGINS: Final = re.compile(rb"(?:\A|(?<=[\r\n\x0b]))[ \t]*(MSH|FHS|BHS|BTS|FTS)(?=[^\w\s])")
_MARKS: Final = b"\x0b\x1c\r\n\x1a \t\x00"
_SEPARATOR_AT: Final = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """The messages, each as it stands; `miscounts` are trailers that say another number of them."""

    messages: tuple[bytes, ...]
    miscounts: tuple[str, ...] = ()


def batch_of(data: bytes) -> Batch:
    r"""What a file holds, in its order.

    >>> batch_of(b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rMSH|^~\\&|B\rBTS|2\rFTS|1\r").messages
    (b'MSH|^~\\&|A\r', b'MSH|^~\\&|B\r')
    """
    data = _plain(data)
    found = [(m.start(1), m.group(1)) for m in _BEGINS.finditer(data)]
    ends = [at for at, _ in [*found, (len(data), b"")]][1:]
    messages: list[bytes] = []
    miscounts: list[str] = []
    of_batch = batches = 0
    for (at, name), end in zip(found, ends, strict=True):
        if name == b"MSH":
            messages.append(data[at:end].rstrip(_MARKS) + b"\r")
            of_batch += 1
        elif name == b"BHS":
            of_batch = 0
            batches += 1
        elif name == b"BTS":
            if (said := _count(data[at:end])) not in {None, of_batch}:
                miscounts.append(f"BTS-1 says {said} messages, and there are {of_batch}")
            of_batch = 0
        elif name == b"FTS":
            there = batches or int(bool(messages))  # BHS may be left out
            if (said := _count(data[at:end])) not in {None, there}:
                miscounts.append(f"FTS-1 says {said} batches, and there are {there}")
    return Batch(tuple(messages), tuple(miscounts))


def is_batch(data: bytes) -> bool:
    """Whether these bytes are no single message but a file or batch."""
    return _plain(data).lstrip(_MARKS)[:_SEPARATOR_AT] in {b"FHS", b"BHS"}


def _plain(data: bytes) -> bytes:
    """The bytes without a mark of their order, in UTF-8 if they are UTF-16."""
    try:
        data = narrowed(data)
    except Malformed:
        return b""
    return data.removeprefix(b"\xef\xbb\xbf")


def _count(trailer: bytes) -> int | None:
    """The first field of a trailer."""
    fields = trailer.strip(_MARKS).split(trailer[_SEPARATOR_AT : _SEPARATOR_AT + 1])
    return int(fields[1]) if len(fields) > 1 and fields[1].isdigit() else None
