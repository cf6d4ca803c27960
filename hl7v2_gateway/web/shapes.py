"""Messages as the operator sees them, in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fhirserver.messages import Head
from hl7v2_gateway.er7 import Malformed, parse


def of_head(head: Head) -> dict[str, Any]:
    """A message without what it says."""
    found = {
        "id": head.id,
        "received": _time(head.received),
        "ended": _time(head.ended),
        "state": head.state,
        "sender": head.sender,
        "controlId": None if head.control.startswith("#") else head.control,
        "event": head.event,
        "version": head.version,
        "source": head.source,
        "address": head.address,
        "size": head.size,
        "acknowledgement": head.code,
        "copyOf": head.copy_of,
        "reason": head.reason,
    }
    return {k: v for k, v in found.items() if v not in {None, ""}}


def text_of(raw: bytes | None) -> str | None:
    """What bytes say, a line for each segment."""
    if raw is None:
        return None
    try:
        codec = parse(raw).codec
    except Malformed:
        codec = "latin-1"
    return raw.decode(codec, "replace").replace("\r\n", "\n").replace("\r", "\n")


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")
