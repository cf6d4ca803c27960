"""From bytes to the record: a message is judged, kept, and only then answered.

    answers = intake.take([Received(raw, address="10.1.2.3"), ...])

Whatever way it came, it goes through here. When this returns, what is accepted is on the disk and
in the queue. Nothing of a message is lost by what comes next, whoever fails at it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fhirserver.messages import Arrival, Messages, Taken
from hl7v2_gateway.acknowledging import (
    ACCEPTED,
    Mode,
    Outcome,
    acknowledge,
    is_owed,
    modes,
    refuse,
)
from hl7v2_gateway.acknowledging.outcome import ACCEPT, ORIGINAL
from hl7v2_gateway.er7 import Malformed, Message, Place, Problem, is_wide, parse
from hl7v2_gateway.intake import judging
from hl7v2_gateway.intake.directory import Directory
from hl7v2_gateway.intake.judging import Supports
from hl7v2_gateway.intake.lanes import lanes_of
from hl7v2_gateway.intake.received import Answer, Question, Received
from hl7v2_gateway.partners import Call, Sender, open_sender

_LONGEST_ID: Final = 199
_ASKING: Final = ("mllp", "http")
"""Where somebody waits for what is answered."""


def everything(message: Message) -> Problem | None:
    """Where nobody says which messages can be dealt with, all are taken."""
    del message
    return None


@dataclass(frozen=True, slots=True)
class _Judged:
    """A message, what becomes of it, and how that is told."""

    arrival: Arrival
    message: Message | None = None
    mode: Mode | None = None
    problem: Problem | None = None
    question: Question | None = None


class Intake:
    """Where all messages come in. `is_open`: from senders that nobody has entered, too.

    `queries` are events of queries that whoever takes the answers can answer.
    """

    def __init__(
        self,
        messages: Messages,
        directory: Directory,
        *,
        is_open: bool = False,
        supports: Supports = everything,
        queries: frozenset[str] = frozenset(),
    ) -> None:
        self._messages = messages
        self._directory = directory
        self._is_open = is_open
        self._supports = supports
        self._queries = queries

    def take(self, batch: Sequence[Received]) -> list[Answer]:
        """Keep messages in their order, and say what to answer to each.

        Raises Unavailable when they can't be kept: then nothing may be answered.
        """
        judged = [self._judged(one) for one in batch]
        taken = self._messages.take([j.arrival for j in judged])
        others = [n for n, t in enumerate(taken) if not t.is_same]
        for n in others:
            judged[n] = _refused(judged[n], judging.OTHER_CONTENT)
        again = self._messages.take([judged[n].arrival for n in others])
        for n, one in zip(others, again, strict=True):
            taken[n] = one
        return [_answer(*pair) for pair in zip(judged, taken, strict=True)]

    def _judged(self, received: Received) -> _Judged:
        try:
            if received.source == "mllp" and is_wide(received.raw):
                raise judging.WIDE
            message = parse(received.raw)
        except Malformed as malformed:
            return _unreadable(received, malformed)
        sender, message = self._sender(received, message)
        header = message.header
        arrival = Arrival(
            received.raw,
            sender.id if sender else "",
            _control(header.control_id),
            f"{header.type}^{header.event}".strip("^")[:40],
            header.version[:20],
            received.source,
            received.address,
        )
        if received.copy_of is not None:
            # It is another message under the same control id.
            edition = hashlib.sha256(received.raw).hexdigest()[:12]
            control = f"{arrival.control[:150]}#{received.copy_of.id}.{edition}"
            arrival = replace(arrival, control=control, copy_of=received.copy_of.id)
        wanted = modes(message)
        if not wanted:
            # An acknowledgement isn't acknowledged: two systems would go on for ever.
            return _Judged(replace(arrival, state="refused", reason="an acknowledgement"), message)
        judged = _Judged(arrival, message, wanted[0])
        if received.is_cut:
            return _refused(judged, judging.TOO_LONG)
        if sender is None:
            return _refused(judged, judging.UNKNOWN_SENDER)
        is_query = received.source in _ASKING and arrival.event in self._queries
        supports = everything if is_query else self._supports
        problem = judging.problem_of(message, sender, supports)
        if problem is None and is_query and not sender.is_bound:
            problem = judging.UNBOUND
        if problem is not None:
            return _refused(judged, problem)
        if is_query:
            return _asking(judged, sender)
        return _accepted(judged, lanes_of(message, sender.id))

    def _sender(self, received: Received, message: Message) -> tuple[Sender | None, Message]:
        """Who sends it, and the message as that one writes."""
        segment = message.header.segment
        call = Call(
            _field(message, segment.field(3).raw),
            _field(message, segment.field(4).raw),
            received.address,
            received.certificate,
            received.client,
        )
        if received.copy_of is None:
            sender = self._directory.who(call)
        else:
            sender = self._directory.named(received.copy_of.sender)
        if sender is None:
            return (open_sender(call) if self._is_open else None), message
        if sender.charset and not segment.field(18).raw:
            message = parse(received.raw, sender.charset)
        return sender, message


def _control(id_: str) -> str:
    """A control id as the record takes it; a long one by its beginning and a digest."""
    if len(id_) <= _LONGEST_ID:
        return id_
    return f"{id_[:150]}#{hashlib.sha256(id_.encode()).hexdigest()[:32]}"


def _field(message: Message, raw: str) -> str:
    """A field as partners are entered: with ^ between its components."""
    return raw.replace(message.delimiters.component or "^", "^").strip()


def _accepted(judged: _Judged, lanes: tuple[str, ...]) -> _Judged:
    assert judged.message is not None
    assert judged.mode is not None
    arrival = replace(
        judged.arrival,
        lanes=lanes,
        mode=judged.mode,
        code=(ACCEPT if judged.mode == "accept" else ORIGINAL)["accepted"],
        ack=acknowledge(judged.message, ACCEPTED, judged.mode)
        if is_owed(judged.message, judged.mode, "accepted")
        else None,
    )
    return replace(judged, arrival=arrival)


def _asking(judged: _Judged, sender: Sender) -> _Judged:
    """A query changes nothing and has no place in a lane: it is kept, and answered at once."""
    accepted = _accepted(judged, ())
    assert accepted.message is not None
    assert accepted.mode is not None
    is_original = accepted.mode == "original"
    question = Question(accepted.message, sender, accepted.mode if is_original else "application")
    ack = None if is_original else accepted.arrival.ack
    arrival = replace(accepted.arrival, state="done", reason="a query", ack=ack)
    return replace(accepted, arrival=arrival, question=question)


def _refused(judged: _Judged, problem: Problem) -> _Judged:
    assert judged.message is not None
    assert judged.mode is not None
    message, outcome = judged.message, Outcome.of(problem)
    # Who asked to hear of the application alone hears it at once: there is nothing to wait for.
    owed = [m for m in modes(message) if is_owed(message, m, outcome.verdict)]
    mode = owed[0] if owed else judged.mode
    arrival = replace(
        judged.arrival,
        state="refused",
        reason=f"{problem.code} {problem.place.path}: {problem.text}",
        lanes=(),
        mode=mode,
        code=(ACCEPT if mode == "accept" else ORIGINAL)[outcome.verdict],
        ack=acknowledge(message, outcome, mode) if owed else None,
    )
    return replace(judged, arrival=arrival, mode=mode, problem=problem)


def _unreadable(received: Received, malformed: Malformed) -> _Judged:
    return _Judged(
        Arrival(
            received.raw,
            "",
            source=received.source,
            address=received.address,
            code="AR",
            state="refused",
            reason=f"{malformed.code} {malformed}",
            ack=refuse(received.raw, malformed),
        ),
        problem=Problem(malformed.code, Place("MSH"), malformed.text, "E"),
    )


def _answer(judged: _Judged, taken: Taken) -> Answer:
    owes_more = (
        judged.message is not None
        and judged.mode == "accept"
        and judged.problem is None
        and judged.question is None
        and bool(judged.message.header.application_acknowledgement)
    )
    return Answer(
        taken.id,
        taken.ack,
        judged.arrival.code,
        judged.arrival.sender or None,
        owes_more,
        judged.question,
    )
