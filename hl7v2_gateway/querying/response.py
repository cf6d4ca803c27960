"""What is answered to a query: RSP with MSA, ERR, QAK, the query itself, what was found, and DSC.

HL7 v2.8.2, 5.5.2 (QAK), 2.14.4 (DSC), table 0208.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hl7v2_gateway import er7
from hl7v2_gateway.acknowledging import Mode, Outcome, is_owed, reply
from hl7v2_gateway.er7 import Line, Message, Problem
from hl7v2_gateway.grammar.structures import structure_of

EVENTS: Final = {
    "Q11": "K11", "Q21": "K21", "Q22": "K22", "Q23": "K23", "Q24": "K24",
}  # fmt: skip
"""What answers what."""


@dataclass(frozen=True, slots=True)
class Response:
    """What was found. `total` are all that there are, `sent` those until now, with these."""

    lines: Sequence[Line] = ()
    here: int = 0
    total: int | None = None
    sent: int = 0
    pointer: str = ""
    problems: tuple[Problem, ...] = ()
    profile: str = ""
    """MSH-21, where the query is of a guide that wants it."""

    @property
    def status(self) -> str:
        """Table 0208: found, not found, or an error of the query."""
        if self.problems:
            return "AE"
        return "OK" if self.here else "NF"


def written(message: Message, response: Response, mode: Mode) -> bytes | None:
    """The response as bytes; None where the sender doesn't want to hear of this."""
    # Code 204 is an error of what is asked for; the message itself is no wrong one.
    verdict = Outcome("error" if response.problems else "accepted", response.problems)
    if not is_owed(message, mode, verdict.verdict):
        return None
    event = EVENTS.get(message.header.event, "K11")
    kind = {"1": "RSP", "2": event, "3": structure_of("RSP", event, "")}
    question = message.first("QPD")
    lines = [_qak(message, response)]
    if question is not None:
        lines.append(er7.line_of(question))
    lines += response.lines
    if response.pointer:
        lines.append(er7.line("DSC", {"1": response.pointer, "2": "I"}))
    more = {"21.1": response.profile, "21.2": "CDCPHINVS"} if response.profile else {}
    return reply(message, verdict, mode, kind, lines, more)


def _qak(message: Message, response: Response) -> Line:
    values = {"1": message.value("QPD-2") or "", "2": response.status}
    question = message.first("QPD")
    if question is not None:
        asked = er7.line_of(question).values
        values |= {f"3{p.removeprefix('1')}": v for p, v in asked.items() if p.startswith("1(")}
    if not response.problems and response.total is not None:
        values |= {
            "4": str(response.total),
            "5": str(response.here),
            "6": str(max(0, response.total - response.sent)),
        }
    return er7.line("QAK", values)
