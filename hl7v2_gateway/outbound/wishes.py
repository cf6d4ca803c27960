"""How a receiver wants its messages: the version, who is who, names of systems, codes, overlays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

STANDARD_DELIMITERS: Final = "|^~\\&"

Code = tuple[str, str]
"""A system and a code in it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a receiver calls a code: its own code, what it is shown as, and its system's name."""

    code: str
    display: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What decides how a message is written.

    `authorities` give the assigning authority (`NAME`, or `NAME&1.2.3&ISO`) for a system of
    identifiers, `systems` the name in CWE.3 for a system of codes, `codes` the receiver's own code
    for one of ours. Of several `overlays` the last wins.
    """

    application: str = ""
    facility: str = ""
    sending_application: str = "FHIRSERVER"
    sending_facility: str = ""
    version: str = "2.5.1"
    delimiters: str = STANDARD_DELIMITERS
    charset: str = "UNICODE UTF-8"
    time_zone: ZoneInfo | None = None
    processing: str = "P"
    acknowledgement: str = "original"
    authorities: Mapping[str, str] = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[Code, Target] = field(default_factory=dict)
    overlays: Sequence[Mapping[str, Any]] = ()

    @property
    def number(self) -> tuple[int, ...]:
        """The version as numbers, to compare."""
        return version_number(self.version)


def version_number(version: str) -> tuple[int, ...]:
    """A version of the standard as numbers.

    >>> version_number("2.5.1") > version_number("2.5") > version_number("2.3.1")
    True
    """
    return tuple(int(part) for part in version.split("."))
