"""The versions of HL7 v2 that the dictionary has, and which of them reads a message."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

VERSIONS: Final = (
    "2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2",
)  # fmt: skip
_UNKNOWN: Final = "2.5.1"


@lru_cache(maxsize=256)
def nearest(version: str) -> str:
    """The version itself, or the newest one before it; 2.5.1, the most common, for what is none.

    >>> nearest("2.5"), nearest("2.7.1"), nearest("2.9"), nearest("5.0.0"), nearest("")
    ('2.5', '2.7', '2.8.2', '2.5.1', '2.5.1')
    """
    if version in VERSIONS:
        return version
    parts = version.split(".")
    if len(parts) < 2 or parts[0] != "2" or not all(part.isdecimal() for part in parts):
        return _UNKNOWN
    asked = [int(part) for part in parts]
    before = [v for v in VERSIONS if [int(part) for part in v.split(".")] <= asked]
    return before[-1] if asked[1] < 10 and before else _UNKNOWN
