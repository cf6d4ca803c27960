"""What a service on an association is: a function that is asked and answers.

A service is a file in dicom_gateway/dimse/services/, found there, and registered for an operation
and its abstract syntaxes:

    @serves("C-FIND", "1.2.840.10008.5.1.4.1.2.2.1", may="find")
    def find(request: Request) -> Iterator[Response]:
        for answer in answers(request.gateway, request.peer, request.dataset):
            if request.is_cancelled():
                yield Response(0xFE00)
                return
            yield Response(0xFF00, answer)
        yield Response(0x0000)

Around every service happen: negotiation, whether the peer may, message ids, and a status for
what it raises. C-STORE isn't one of these: its dataset isn't held, but kept as it comes (see
receiving.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse.command import Command, Value
from dicom_gateway.dimse.gateway import Gateway
from dicom_gateway.partners import Peer

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"


@dataclass(frozen=True, slots=True)
class Context:
    """An accepted presentation context, and what each side may be on it.

    `invokes`: we may ask there (C-STORE of a C-GET, N-EVENT-REPORT); `performs`: we are asked.
    """

    id: int
    abstract_syntax: str
    transfer_syntax: str
    performs: bool = True
    invokes: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """A status (PS3.7 annex C), a dataset in the context's transfer syntax, and further elements.

    Elements are such as `NumberOfCompletedSuboperations=3` or `ErrorComment="..."`; comments tell
    nothing of patients. `then` is done when the response has been sent.
    """

    status: int
    dataset: bytes | None = None
    elements: Mapping[str, Value] = field(default_factory=dict)
    then: Callable[[], None] | None = None


class Storing(Protocol):
    """What instances are sent on: the association of a C-GET, or one that we made for a C-MOVE."""

    def store(
        self,
        sop_class: str,
        instance: str,
        transfer_syntax: str,
        dataset: Iterable[bytes],
        *,
        originator: tuple[str, int] | None = None,
    ) -> int:
        """Send one, without the head of its file; what status was answered.

        `originator` is the AE title that asked for the C-MOVE, and the id of its message. Raises
        NoContext when the other side hasn't accepted these syntaxes, and OSError (or Ended, one of
        these) when the association is over.
        """
        ...

    def accepts(self, sop_class: str, transfer_syntax: str) -> bool:
        """Whether such an instance can be sent as it is."""
        ...

    def accepted(self, sop_class: str) -> tuple[str, ...]:
        """The transfer syntaxes that the other side takes for a SOP class."""
        ...


class Association(Storing, Protocol):
    """The association that a request came on."""

    @property
    def number(self) -> int:
        """Its number, in this process."""
        ...

    @property
    def peer(self) -> Peer:
        """Who called."""
        ...

    @property
    def calling(self) -> str:
        """The AE title of who called."""
        ...

    @property
    def called(self) -> str:
        """The AE title that was called."""
        ...

    @property
    def address(self) -> str:
        """Where the call came from."""
        ...

    @property
    def extended(self) -> Mapping[str, bytes]:
        """What was agreed on by extended negotiation, by SOP class.

        PS3.4 C.5.1.1 (relational queries, fuzzy names, time zones ...).
        """
        ...

    def poll_cancelled(self, message_id: int) -> bool:
        """Whether a C-CANCEL has come for a request; looks at what has arrived, never waits."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the command, the whole dataset in the context's transfer syntax, and by whom.

    `dataset` is empty where there is none.
    """

    name: str
    command: Command
    dataset: bytes
    context: Context
    association: Association
    gateway: Gateway

    @property
    def peer(self) -> Peer:
        """Who asks."""
        return self.association.peer

    @property
    def message_id(self) -> int:
        """The id of the message."""
        return commands.number(self.command, "MessageID")

    def is_cancelled(self) -> bool:
        """Whether the other side has sent a C-CANCEL for this request."""
        return self.association.poll_cancelled(self.message_id)


Answer = Callable[[Request], Iterator[Response]]


@dataclass(frozen=True, slots=True)
class Service:
    """A registered service: what it answers, who may ask, and the transfer syntaxes that it reads.

    `may` is one of partners.MAY; None is everybody who is known. `extended` agrees on what is
    proposed by extended negotiation: the bytes of the request to those of the answer.
    """

    answer: Answer
    may: str | None
    transfer_syntaxes: tuple[str, ...]
    extended: Callable[[bytes], bytes] | None
    invokes: bool


services: Final[dict[tuple[str, str], Service]] = {}
"""By operation and abstract syntax."""


def serves(
    operation: str,
    *abstract_syntaxes: str,
    may: str | None,
    transfer_syntaxes: tuple[str, ...] = (EXPLICIT_LITTLE, IMPLICIT_LITTLE),
    extended: Callable[[bytes], bytes] | None = None,
    invokes: bool = False,
) -> Callable[[Answer], Answer]:
    """Register a service for an operation (`C-FIND`) on abstract syntaxes.

    Of the transfer syntaxes the first proposed wins. `invokes`: we also ask on such contexts, as
    the SCP that reports storage commitment does.
    """

    def add(answer: Answer) -> Answer:
        service = Service(answer, may, transfer_syntaxes, extended, invokes)
        for uid in abstract_syntaxes:
            if (operation, uid) in services:
                raise ValueError(f"two files serve {operation} on {uid}")
            services[operation, uid] = service
        return answer

    return add


def served(abstract_syntax: str) -> dict[str, Service]:
    """The services on an abstract syntax, by operation."""
    return {op: found for (op, uid), found in services.items() if uid == abstract_syntax}
