"""What a receiver's acknowledgement says: is it ours, is the message taken, is it worth a retry.

HL7 v2.8.2, 2.9.2 and 2.9.3 (rules), tables 0008 (acknowledgment code) and 0357 (error code).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from hl7v2_gateway.er7 import Malformed, Message, parse

Verdict = Literal["accepted", "again", "rejected"]

_ACCEPTED: Final = frozenset({"AA", "CA"})
_ERRORS: Final = frozenset({"AE", "CE"})
_PASSING: Final = frozenset({"206", "207"})
"""A record that is locked, an error within the receiver: later it may do."""
_LASTING: Final = frozenset(
    {"100", "101", "102", "103", "104", "198", "199", "200", "201", "202", "203", "204", "205"}
)
"""What is wrong with the message stays wrong, however often it is sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement: MSA-1, the message that it is for (MSA-2), and its error (table 0357)."""

    code: str
    control: str
    error: str = ""

    @property
    def verdict(self) -> Verdict:
        """What follows from it.

        >>> Answer("AE", "1", "207").verdict, Answer("AE", "1", "101").verdict
        ('again', 'rejected')
        """
        if self.code in _ACCEPTED:
            return "accepted"
        if self.error in _PASSING:
            return "again"
        if self.code in _ERRORS and self.error not in _LASTING:
            return "again"
        return "rejected"

    @property
    def reason(self) -> str:
        """Why it wasn't taken, without what the receiver wrote, which may name patients."""
        return f"{self.code} {self.error}".strip()


def answer_in(raw: bytes) -> Answer | None:
    """The acknowledgement in a message; None when it is none."""
    try:
        message = parse(raw)
    except Malformed:
        return None
    code = message.value("MSA-1")
    if not code:
        return None
    return Answer(code.strip().upper(), message.value("MSA-2") or "", _error(message))


def _error(message: Message) -> str:
    """ERR-3 as of 2.5, ERR-1.4 before, MSA-6 where there is no ERR."""
    for path in ("ERR-3.1", "ERR-1.4.1", "MSA-6.1"):
        found = message.value(path)
        if found:
            return found.strip()
    return ""
