"""Messages over an open association, whoever opened it.

https://dicom.nema.org/medical/dicom/current/output/chtml/part07/chapter_6.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse import pdus
from dicom_gateway.dimse.command import FIELD, NO_DATASET, RESPONSE, Command, UnreadableCommand
from dicom_gateway.dimse.problems import Ended, NoContext, ProtocolError
from dicom_gateway.dimse.service import Context
from dicom_gateway.dimse.wire import Wire

UNEXPECTED: Final = 2
BAD_PARAMETER: Final = 6
"""Reasons of an A-ABORT (PS3.8 table 9-26)."""

_MOST_COMMAND_BYTES: Final = 65_536
_MOST_DATASET_BYTES: Final = 64_000_000
"""Of what is held whole: all but instances."""
_HAS_DATASET: Final = 0x0001

Taken = Callable[[int], None]


class Exchange:
    """Reads and writes the messages of an association; one thread at a time.

    `seconds` is how long an answer may take to what we ask.
    """

    def __init__(
        self, wire: Wire, contexts: Mapping[int, Context], longest: int, *, seconds: float
    ) -> None:
        self.wire = wire
        self.contexts = contexts
        self.is_open = True
        self._seconds = seconds
        wanted = longest or pdus.LARGEST
        self._longest = min(max(wanted, pdus.SMALLEST), pdus.LARGEST)
        self._left = 0
        self._number = 0
        self._cancelled: set[int] = set()
        self._awaited: dict[int, Taken] = {}

    # Fragments and messages that come.

    def fragment(self) -> tuple[int, int, memoryview]:
        """The next fragment: its context, its control header, its bytes.

        Raises Ended when the other side releases or aborts the association instead.
        """
        wire = self.wire
        while not self._left:
            self._begin_unit()
        if self._left < pdus.FRAGMENT_HEAD.size:
            raise ProtocolError("a fragment is cut off", BAD_PARAMETER)
        length, context, control = pdus.FRAGMENT_HEAD.unpack(wire.take(pdus.FRAGMENT_HEAD.size))
        size = length - 2
        self._left -= pdus.FRAGMENT_HEAD.size
        if size < 0 or size > self._left:
            raise ProtocolError("a fragment is longer than its PDU", BAD_PARAMETER)
        self._left -= size
        return context, control, wire.take(size)

    def next_command(self) -> tuple[Context, Command]:
        """The next command, and on which context."""
        held = b""
        while True:
            id_, control, piece = self.fragment()
            if not control & pdus.IS_COMMAND:
                raise ProtocolError("a dataset comes before its command", UNEXPECTED)
            context = self.contexts.get(id_)
            if context is None:
                raise ProtocolError("a message is on no accepted context", BAD_PARAMETER)
            held = held + piece if held else bytes(piece)
            if len(held) > _MOST_COMMAND_BYTES:
                raise ProtocolError("a command is too long", BAD_PARAMETER)
            if control & pdus.IS_LAST:
                break
        try:
            return context, commands.decoded(held)
        except UnreadableCommand as error:
            raise ProtocolError("a command can't be read", BAD_PARAMETER) from error

    def dataset_pieces(self, context: Context) -> Iterator[memoryview]:
        """The pieces of the dataset that follows a command; each is valid until the next."""
        while True:
            id_, control, piece = self.fragment()
            if control & pdus.IS_COMMAND or id_ != context.id:
                raise ProtocolError("a dataset doesn't end", UNEXPECTED)
            yield piece
            if control & pdus.IS_LAST:
                return

    def dataset(self, context: Context, command: Command) -> bytes:
        """The whole dataset that follows a command, if one does."""
        if not commands.has_dataset(command):
            return b""
        held = bytearray()
        for piece in self.dataset_pieces(context):
            held += piece
            if len(held) > _MOST_DATASET_BYTES:
                raise ProtocolError("a dataset is too long", BAD_PARAMETER)
        return bytes(held)

    def _begin_unit(self) -> None:
        wire = self.wire
        wire.need(pdus.HEAD.size)
        kind, length = pdus.HEAD.unpack(wire.take(pdus.HEAD.size))
        if kind == pdus.P_DATA:
            if length > pdus.LARGEST:
                raise ProtocolError("a PDU is longer than agreed on", BAD_PARAMETER)
            wire.need(length)
            self._left = length
            return
        if kind in {pdus.RELEASE_RQ, pdus.RELEASE_RP, pdus.ABORT}:
            if length != len(pdus.RELEASE) - pdus.HEAD.size:
                raise ProtocolError("a PDU has a wrong length", BAD_PARAMETER)
            wire.need(length)
            wire.take(length)
            self.ended_by(kind)
        if kind in {pdus.ASSOCIATE_RQ, pdus.ASSOCIATE_AC, pdus.ASSOCIATE_RJ}:
            raise ProtocolError("an association is negotiated again", UNEXPECTED)
        raise ProtocolError("a PDU is of no known type", 1)

    def ended_by(self, kind: int) -> None:
        """The other side ends the association. Raises Ended."""
        self.is_open = False
        if kind == pdus.RELEASE_RQ:
            self.wire.send(pdus.RELEASED)
            self.wire.linger(1.0)
            raise Ended("released")
        raise Ended("aborted" if kind == pdus.ABORT else "released")

    # Messages that go.

    def send(
        self, context: Context, command: Command, dataset: Iterable[bytes] | bytes | None = None
    ) -> None:
        """Send a message."""
        kind = NO_DATASET if dataset is None else _HAS_DATASET
        raw = commands.encoded({**command, "CommandDataSetType": kind})
        head = pdus.command(context.id, raw, self._longest)
        if dataset is None:
            self.wire.send(head)
            return
        pieces = (dataset,) if isinstance(dataset, bytes) else dataset
        for unit in pdus.dataset(context.id, pieces, self._longest):
            # In one piece with what comes first: a small message is one segment.
            self.wire.send(head + unit if head else unit)
            head = b""

    def invoke(
        self,
        context: Context,
        command: Command,
        dataset: Iterable[bytes] | bytes | None = None,
        then: Taken | None = None,
    ) -> int | None:
        """Ask, and wait for the status that is answered; with `then` don't wait, but tell it."""
        self._number = self._number % 0xFFFF + 1
        number = self._number
        answered: list[int] = []
        self._awaited[number] = then or answered.append
        self.send(context, {**command, "MessageID": number}, dataset)
        if then is not None:
            return None
        while not answered:
            if self._left or self.wire.wait(self._seconds):
                self._take_aside(*self.next_command())
        return answered[0]

    def store(
        self,
        sop_class: str,
        instance: str,
        transfer_syntax: str,
        dataset: Iterable[bytes],
        *,
        originator: tuple[str, int] | None = None,
    ) -> int:
        """Send an instance (C-STORE); what status was answered. See service.Storing."""
        context = self._invoking(sop_class, transfer_syntax)
        if context is None:
            raise NoContext(f"{sop_class} isn't taken in {transfer_syntax}")
        command: dict[str, commands.Value] = {
            "AffectedSOPClassUID": sop_class,
            "CommandField": FIELD["C-STORE"],
            "Priority": 0,
            "AffectedSOPInstanceUID": instance,
        }
        if originator is not None:
            command["MoveOriginatorApplicationEntityTitle"] = originator[0]
            command["MoveOriginatorMessageID"] = originator[1]
        status = self.invoke(context, command, dataset)
        assert status is not None
        return status

    def accepts(self, sop_class: str, transfer_syntax: str) -> bool:
        """Whether such an instance can be sent as it is."""
        return self._invoking(sop_class, transfer_syntax) is not None

    def accepted(self, sop_class: str) -> tuple[str, ...]:
        """The transfer syntaxes that the other side takes for a SOP class."""
        return tuple(
            c.transfer_syntax
            for c in self.contexts.values()
            if c.invokes and c.abstract_syntax == sop_class
        )

    def invoking(self, abstract_syntax: str) -> Context | None:
        """A context on which we may ask for something of this class."""
        return next(
            (
                c
                for c in self.contexts.values()
                if c.invokes and c.abstract_syntax == abstract_syntax
            ),
            None,
        )

    def poll_cancelled(self, message_id: int) -> bool:
        """Whether a C-CANCEL has come for a request; looks at what has arrived, never waits."""
        while message_id not in self._cancelled and (self._left or self.wire.is_readable()):
            self._take_aside(*self.next_command())
        return message_id in self._cancelled

    def forget(self, message_id: int) -> None:
        """A request is answered: its number may come again."""
        self._cancelled.discard(message_id)

    def take_response(self, context: Context, command: Command) -> bool:
        """Whether a message was a response or a C-CANCEL, which needs no answer."""
        field = commands.number(command, "CommandField")
        if field == FIELD["C-CANCEL"]:
            self._cancelled.add(commands.number(command, "MessageIDBeingRespondedTo"))
            return True
        if not field & RESPONSE:
            return False
        if commands.has_dataset(command):
            for _ in self.dataset_pieces(context):
                pass
        taken = self._awaited.pop(commands.number(command, "MessageIDBeingRespondedTo"), None)
        if taken is None:
            raise ProtocolError("a response is to nothing that was asked", UNEXPECTED)
        taken(commands.number(command, "Status", 0x0110))
        return True

    def _take_aside(self, context: Context, command: Command) -> None:
        if not self.take_response(context, command):
            # One operation at a time is all that was agreed on.
            raise ProtocolError("a request comes before the last is answered", UNEXPECTED)

    def _invoking(self, sop_class: str, transfer_syntax: str) -> Context | None:
        for context in self.contexts.values():
            if (
                context.invokes
                and context.abstract_syntax == sop_class
                and context.transfer_syntax == transfer_syntax
            ):
                return context
        return None
