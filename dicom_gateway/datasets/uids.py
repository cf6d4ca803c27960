"""Unique identifiers (PS3.5 section 9), and those that are our own."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

IMPLEMENTATION: Final = "2.25.237804527760988903808270542687216285326"
"""Who writes our file heads (PS3.7 D.3.3.2): a UUID's UID, the same in every release."""
IMPLEMENTATION_VERSION: Final = "FHIRSERVER_1"

_UID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def is_uid(text: str) -> bool:
    """Whether it is 1 to 64 digits and points. Zeros at the front of a part are let through:
    the standard forbids them, and devices write them.

    >>> is_uid("1.2.840.10008.1.2"), is_uid("../../etc/passwd"), is_uid("1..2"), is_uid("1" * 65)
    (True, False, False, False)
    """
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def from_uuid(uuid: UUID) -> str:
    """The UID of a UUID (PS3.5 B.2).

    >>> from_uuid(UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"))
    '2.25.329800735698586629295641978511506172918'
    """
    return f"2.25.{uuid.int}"
