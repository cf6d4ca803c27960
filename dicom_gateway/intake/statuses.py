"""What a C-STORE is answered with (PS3.4 table B.2-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Outcome:
    """A status; `comment` says why for a person, and nothing of the patient.

    `element` is the tag that the trouble is with.
    """

    status: int
    comment: str = ""
    element: int | None = None


SUCCESS: Final = Outcome(0x0000)
NO_RESOURCES: Final = Outcome(0xA700, "can't be kept now; send it again")
TOO_LARGE: Final = Outcome(0xA700, "longer than this server takes")
OTHER_CLASS: Final = Outcome(0xA900, "command and dataset differ", 0x0008_0016)
OTHER_INSTANCE: Final = Outcome(0xA900, "command and dataset differ", 0x0008_0018)
BAD_COMMAND: Final = Outcome(0xC001, "the command names no instance by a UID")
UNREADABLE: Final = 0xC000
"""Cannot understand."""
