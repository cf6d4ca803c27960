"""Sending what was asked for: the C-STORE sub-operations of C-GET and C-MOVE, and their counts.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.4.2.html
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dicom_gateway.dimse.command import Value
from dicom_gateway.dimse.problems import Ended, NoContext
from dicom_gateway.dimse.recording import transferring
from dicom_gateway.dimse.service import EXPLICIT_LITTLE, IMPLICIT_LITTLE, Request, Response, Storing
from dicom_gateway.matching import How
from dicom_gateway.partners import Peer
from dicom_gateway.querying.encoding import encoded
from dicom_gateway.querying.levels import Root, retrieved
from dicom_gateway.querying.questions import Question, single
from dicom_gateway.querying.reading import BadIdentifier, identifier
from dicom_gateway.querying.visible import to_peer
from dicom_gateway.rendering.limits import Overloaded, Undecodable
from dicom_gateway.rendering.studio import Source, Studio
from dicom_gateway.rendering.workers import Workers
from fhirserver.errors import Damaged
from fhirserver.instances import InstanceRow, Instances

log = logging.getLogger(__name__)

SUCCESS: Final = 0x0000
UNABLE_TO_SEND: Final = 0xA702
MISMATCH: Final = 0xA900
SOME_FAILED: Final = 0xB000
UNABLE: Final = 0xC001
CANCEL: Final = 0xFE00
PENDING: Final = 0xFF00
_WARNINGS: Final = frozenset([0x0001, 0x0107, 0x0116, 0xB000, 0xB006, 0xB007])
UNCOMPRESSED: Final = (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
"""What an instance is sent in where its own can't be taken; the second one everybody has to take
(PS3.5 10.1).
"""
DECODERS: Final = 2
DECODING_SECONDS: Final = 60.0
"""Processes that decode for those who can't take a transfer syntax, and how long one may take."""
_FAILED_LIST: Final = "00080058"


def wanted(request: Request, root: Root) -> list[InstanceRow]:
    """The instances that a request asks for and its caller may see. Raises BadIdentifier."""
    keys = identifier(request.dataset, request.context.transfer_syntax)
    agreement = request.association.extended.get(request.context.abstract_syntax, b"")
    _, unique = retrieved(keys, root, is_relational=agreement[:1] == b"\x01")
    question = Question.of("instance", unique, How())
    gateway = request.gateway
    visible = to_peer(gateway.engine, request.peer, gateway.instances)
    return list(single(gateway.instances, question, visible))


def agreed(proposed: bytes) -> bytes:
    """Relational retrieval is agreed on, enhanced multi-frame conversion isn't (C.5.2.1).

    >>> agreed(bytes([1, 1])).hex()
    '0100'
    """
    return bytes(wish & ours for wish, ours in zip(proposed, (1, 0), strict=False))


def refusal(error: BadIdentifier) -> Response:
    """The answer to an identifier that says nothing that can be sent."""
    elements: dict[str, Value] = {"ErrorComment": str(error)[:64]}
    if error.tag is None:
        return Response(UNABLE, elements=elements)
    return Response(MISMATCH, elements=elements | {"OffendingElement": (int(error.tag, 16),)})


@dataclass(slots=True)
class Counts:
    """How far it is."""

    remaining: int
    completed: int = 0
    warned: int = 0
    failed: list[str] = field(default_factory=list)

    def elements(self, *, is_last: bool = False) -> dict[str, Value]:
        """As the elements of a response; the last one has nothing remaining."""
        counts: dict[str, Value] = {
            "NumberOfCompletedSuboperations": self.completed,
            "NumberOfFailedSuboperations": len(self.failed),
            "NumberOfWarningSuboperations": self.warned,
        }
        return counts if is_last else {"NumberOfRemainingSuboperations": self.remaining, **counts}

    def take(self, uid: str, status: int) -> None:
        """One has been sent, or couldn't be."""
        self.remaining -= 1
        if status == SUCCESS:
            self.completed += 1
        elif status in _WARNINGS:
            self.warned += 1
        else:
            self.failed.append(uid)


def pending(counts: Counts) -> Response:
    """Between two of them."""
    return Response(PENDING, elements=counts.elements())


def final(counts: Counts, transfer_syntax: str, *, is_cancelled: bool = False) -> Response:
    """After the last one, with the list of those that failed."""
    if is_cancelled:
        status, elements = CANCEL, counts.elements()
    else:
        elements = counts.elements(is_last=True)
        status = SUCCESS
        if counts.failed:
            status = SOME_FAILED if counts.completed or counts.warned else UNABLE_TO_SEND
    content = None
    if counts.failed:
        listed = {_FAILED_LIST: {"vr": "UI", "Value": counts.failed}}
        content = encoded(listed, transfer_syntax)
    return Response(status, content, elements)


Sending = Callable[[Sequence[InstanceRow], Counts], Iterator[None]]
"""Sends some instances and counts them; it yields after each."""


def performed(
    request: Request,
    roots: Mapping[str, Root],
    event: str,
    sending: Sending,
    to: Peer | None = None,
) -> Iterator[Response]:
    """A retrieval: what is asked for is recorded as `event` and sent, with a response after each.

    `sending` takes the instances in their order; they go `to` another system or to who asks.
    A request to cancel ends it between two of them (C.4.2.3.1, C.4.3.3.1).
    """
    try:
        rows = wanted(request, roots[request.context.abstract_syntax])
    except BadIdentifier as error:
        yield refusal(error)
        return
    counts = Counts(len(rows))
    is_cancelled = request.is_cancelled()
    with transferring(request, event, rows, to) as has_gone:
        for _ in () if is_cancelled else sending(rows, counts):
            row = rows[len(rows) - counts.remaining - 1]
            if row.uid not in counts.failed[-1:]:
                has_gone(row)
            is_cancelled = counts.remaining > 0 and request.is_cancelled()
            if is_cancelled:
                break
            if counts.remaining:
                yield pending(counts)
    yield final(counts, request.context.transfer_syntax, is_cancelled=is_cancelled)


def sent(
    storing: Storing,
    instances: Instances,
    row: InstanceRow,
    originator: tuple[str, int] | None = None,
) -> int:
    """Send an instance as it is kept, or decoded where the other side can't take it so.

    What status was answered, or one for what couldn't be sent. Raises Ended when it is over.
    """
    syntax, pieces = row.transfer_syntax, _pieces(instances, row)
    if not storing.accepts(row.sop_class, syntax):
        able = storing.accepted(row.sop_class)
        plain = next((uid for uid in UNCOMPRESSED if uid in able), None)
        if plain is None:
            return 0xA900
        try:
            syntax, pieces = plain, iter([_decoded(instances, row, plain)])
        except (Undecodable, Overloaded, Damaged) as error:
            extra = {"instance": row.number, "reason": type(error).__name__}
            log.warning("dicom_not_decoded", extra=extra)
            return UNABLE
    try:
        first = next(pieces)
    except Damaged:
        log.error("dicom_damaged", extra={"instance": row.number})  # noqa: TRY400 - no cause
        return UNABLE
    except StopIteration:
        return UNABLE
    try:
        return storing.store(
            row.sop_class, row.uid, syntax, _after(first, pieces), originator=originator
        )
    except NoContext:
        return 0xA900
    except Damaged as error:
        # Half of it has gone: nothing can follow it on this association.
        log.error("dicom_damaged", extra={"instance": row.number})  # noqa: TRY400 - no cause
        raise Ended("an instance is damaged") from error


def _pieces(instances: Instances, row: InstanceRow) -> Iterator[bytes]:
    return iter(instances.read(row, row.dataset_at))


def _after(first: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _decoded(instances: Instances, row: InstanceRow, syntax: str) -> bytes:
    def read(start: int, stop: int) -> bytes:
        return b"".join(instances.read(row, row.dataset_at + start, row.dataset_at + stop))

    source = Source(read, row.size - row.dataset_at, row.transfer_syntax)
    return _studio().whole(source, syntax)


_LOCK: Final = threading.Lock()
_STUDIOS: Final[list[Studio]] = []


def _studio() -> Studio:
    """Where frames are decoded: its processes begin when something is to be."""
    with _LOCK:
        if not _STUDIOS:
            _STUDIOS.append(Studio(Workers(DECODERS, DECODING_SECONDS)))
        return _STUDIOS[0]
