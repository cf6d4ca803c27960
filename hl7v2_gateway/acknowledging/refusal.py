"""The answer to bytes that are no message: MSH is read as far as it can be."""

from __future__ import annotations

from typing import Final

from hl7v2_gateway import er7
from hl7v2_gateway.acknowledging.ack import acknowledge
from hl7v2_gateway.acknowledging.outcome import Outcome
from hl7v2_gateway.er7 import Malformed

_LONGEST: Final = 1000
_PLAIN: Final = er7.STANDARD.encoding_characters
_REPEATED: Final = (2, 3, 4, 5, 9, 10, 11)
"""Sender, receiver, control id, processing id and version among the parts of MSH."""


def refuse(raw: bytes, malformed: Malformed) -> bytes:
    """An AR for it. Names, control id and version are repeated where the header shows them."""
    text = raw[:_LONGEST].decode("ascii", "replace").lstrip("\x0b\r\n\t ")
    header = text.replace("\n", "\r").split("\r", 1)[0]
    separator = header[3:4]
    parts = [""] * 12
    if header.startswith("MSH") and separator and not separator.isalnum() and separator > " ":
        parts = (header.split(separator) + parts)[:12]
    kept = ["MSH", _PLAIN] + [
        "".join(c for c in part if c.isprintable() and c not in "|~\\&�") if n in _REPEATED else ""
        for n, part in enumerate(parts[2:], 2)
    ]
    kept[11] = kept[11] if kept[11] in er7.VERSIONS else "2.5.1"
    message = er7.parse("|".join(kept).encode("ascii", "replace"))
    return acknowledge(message, Outcome.refused(malformed))
