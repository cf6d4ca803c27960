"""What became of a message, in the words of an acknowledgement (tables 0008, 0357, 0516)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from hl7v2_gateway.er7 import Malformed, Problem

Verdict = Literal["accepted", "error", "rejected"]

NAMES: Final = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "104": "Value too long",
    "198": "Non-conformant cardinality",
    "199": "Other HL7 error",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application error",
}
"""Table 0357."""

ORIGINAL: Final[dict[Verdict, str]] = {"accepted": "AA", "error": "AE", "rejected": "AR"}
ACCEPT: Final[dict[Verdict, str]] = {"accepted": "CA", "error": "CE", "rejected": "CR"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`accepted`: done, or safely stored; `error`: something in it is wrong, or, of an accept
    acknowledgement, sending again may help; `rejected`: it isn't for us, or can't be taken now."""

    verdict: Verdict
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, *problems: Problem) -> Outcome:
        """The outcome that these findings make: codes from 200 reject, the others are errors.

        >>> Outcome.of().verdict
        'accepted'
        """
        grave = {problem.code for problem in problems if problem.severity in {"E", "F"}}
        if any(code >= "200" for code in grave):
            return cls("rejected", problems)
        return cls("error" if grave else "accepted", problems)

    @classmethod
    def refused(cls, malformed: Malformed) -> Outcome:
        """The outcome for what can't be read: it never will be, so it is rejected."""
        return cls("rejected", (malformed.problem,))


ACCEPTED: Final = Outcome("accepted")
