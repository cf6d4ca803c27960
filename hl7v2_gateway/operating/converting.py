"""The worker: a message of the record becomes resources, once, in its order.

What a message makes is written in one database transaction with its new state: a worker that is
killed has either done it or not. A message about several patients is in the lane of each; the last
of its places acts when it is the first in all of them, the others wait for that.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from fhirserver import queues
from fhirserver.access.principal import Principal, scopes
from fhirserver.engine import Engine
from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirRequest, Hand
from fhirserver.messages import Head, Message, Messages, State
from fhirserver.queues import Finished, Item, Later
from hl7v2_gateway import er7
from hl7v2_gateway.acknowledging import Outcome, acknowledge, is_owed
from hl7v2_gateway.er7 import Place, Problem
from hl7v2_gateway.intake.directory import Directory
from hl7v2_gateway.operating.conversions import Convert, Made, NotConverted
from hl7v2_gateway.operating.failures import MOST_DOUBTS, delay, failure_of, reason_of
from hl7v2_gateway.operating.merging import carry_out
from hl7v2_gateway.operating.moving import carry_out_moves, renumber_first
from hl7v2_gateway.operating.removing import with_removals
from hl7v2_gateway.partners import Call, Sender, open_sender

log = logging.getLogger(__name__)

WAIT_SECONDS: Final = 0.1
SCOPE: Final = "system/*.cruds"
_INTERNAL: Final = "207"
_OPEN: Final = "open-"


class Ended(Exception):
    """Somebody else has brought the message to its end meanwhile."""


class Converter:
    """What the worker does with a message."""

    def __init__(
        self, engine: Engine, messages: Messages, directory: Directory, convert: Convert
    ) -> None:
        self._engine = engine
        self._messages = messages
        self._directory = directory
        self._convert = convert

    def act(self, item: Item) -> Finished | None:
        """Do an item of the queue."""
        message = self._messages.find(item.content["message"])
        if message is None or message.head.state not in {"waiting", "written"}:
            return None
        self._wait_for_turn(item, message.head)
        try:
            return self._done(item, message)
        except Ended:
            return None
        except NotConverted as error:
            return self._dead(item, message, error.code, str(error))
        except Exception as error:
            kind = failure_of(error)
            what = {"number": message.head.id, "attempts": item.attempts, "kind": kind}
            log.warning("hl7v2_failed", extra=what, exc_info=kind == "ambiguous")
            if kind == "permanent" or (kind == "ambiguous" and item.attempts >= MOST_DOUBTS):
                return self._dead(item, message, _INTERNAL, reason_of(error))
            raise Later(reason_of(error), delay(item.attempts)) from error

    def _wait_for_turn(self, item: Item, head: Head) -> None:
        number, of = item.content["nr"], item.content["of"]
        if of == 1:
            return
        if number < of or not self._messages.is_first(head):
            raise Later("waits for its turn in another lane", WAIT_SECONDS, is_attempt=False)

    def _done(self, item: Item, message: Message) -> Finished | None:
        parsed, sender = self.read(message)
        made = self.converted(parsed, sender, message.head.id)
        merges, moves = made.converted.merges, made.converted.moves
        principal = principal_of(sender)
        notes: list[str] = []
        if message.head.state == "waiting":
            notes = renumber_first(self._engine, principal, moves)
            made = with_removals(self._engine, made) if made.snapshots else made
            self._write(item, message.head, parsed, sender, made)
            if not merges and not moves:
                return queues.FINISHED
        notes += carry_out(self._engine, principal, merges)
        notes += carry_out_moves(self._engine, principal, moves)
        report = {**(made.report or {}), **({"notes": notes} if notes else {})}
        self._end(item, message.head, parsed, "done", Outcome("accepted"), report=report)
        return queues.FINISHED

    def read(
        self, message: Message, senders: dict[str, Sender] | None = None
    ) -> tuple[er7.Message, Sender]:
        """A message of the record as its sender means it. Raises NotConverted.

        `senders` are those of the messages that are read at the same time, which don't have to be
        looked for again.
        """
        parsed = er7.parse(message.raw)
        id_ = message.head.sender
        sender = None if senders is None else senders.get(id_)
        if sender is None:
            sender = self._sender(id_, parsed)
            if senders is not None:
                senders[id_] = sender
        if sender.charset and not parsed.header.segment.field(18).raw:
            parsed = er7.parse(message.raw, sender.charset)
        return parsed, sender

    def _sender(self, id_: str, parsed: er7.Message) -> Sender:
        sender = self._directory.named(id_)
        if sender is None and id_.startswith(_OPEN):
            segment = parsed.header.segment
            sender = open_sender(Call(segment.field(3).raw, segment.field(4).raw))
        if sender is None:
            raise NotConverted(_INTERNAL, "its sender isn't entered any more, or isn't active")
        return sender

    def converted(self, parsed: er7.Message, sender: Sender, id_: int) -> Made:
        """What is made of a message. Raises NotConverted."""
        try:
            return self._convert(parsed, sender, id_)
        except (NotConverted, FhirError):
            # What the server couldn't look up says nothing about the message.
            raise
        except Exception as error:
            # It would fail again: nothing goes in but the message.
            log.exception("hl7v2_conversion_failed", extra={"number": id_})
            text = f"its conversion failed ({type(error).__name__}): tell us"
            raise NotConverted(_INTERNAL, text) from error

    def _write(
        self, item: Item, head: Head, parsed: er7.Message, sender: Sender, made: Made
    ) -> None:
        """Write what was made, and that it is; with merges to come the message isn't done yet."""
        has_more = bool(made.converted.merges or made.converted.moves)

        def also() -> None:
            if has_more:
                if not self._messages.written(head.id):
                    raise Ended
                return
            self._end(item, head, parsed, "done", Outcome("accepted"), report=made.report)

        self._engine.handle(
            FhirRequest(
                "bundle",
                principal_of(sender),
                body=made.converted.bundle,
                prefer_return="minimal",
                hand=Hand(made.combine, also, made.mentions),
            )
        )

    def _dead(self, item: Item, message: Message, code: str, reason: str) -> Finished | None:
        try:
            parsed: er7.Message | None = er7.parse(message.raw)
        except er7.Malformed:
            parsed = None
        outcome = Outcome("error", (Problem(code, Place("MSH"), reason, "E"),))
        log.error("hl7v2_dead", extra={"number": message.head.id, "code": code, "reason": reason})
        database = self._messages.database
        try:
            with database.transaction():
                self._end(item, message.head, parsed, "dead", outcome, reason=f"{code} {reason}")
        except Ended:
            return None
        return queues.FINISHED

    def _end(
        self,
        item: Item,
        head: Head,
        parsed: er7.Message | None,
        state: State,
        outcome: Outcome,
        **more: Any,
    ) -> None:
        """Its end, in the transaction of the caller or in one of its own. Raises Ended."""
        answer = None if parsed is None else answer_of(parsed, outcome)
        if not self._messages.end(head.id, state, answer=answer, **more):
            raise Ended
        if not queues.finish(self._messages.database, item.lease, [item.id]):
            raise Ended


def answer_of(parsed: er7.Message, outcome: Outcome) -> bytes | None:
    """The application acknowledgement that is owed for a message that has come to this."""
    if not is_owed(parsed, "application", outcome.verdict):
        return None
    return acknowledge(parsed, outcome, "application")


def principal_of(sender: Sender) -> Principal:
    """Who writes what a sender's messages say: everything that is written is on record as its."""
    return Principal(sender.subject, scopes(SCOPE))
