"""C-MOVE: what is asked for goes to another system, which must be known here by its AE title.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.4.2.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final

from dicom_gateway.dimse import sub_operations
from dicom_gateway.dimse.calling import call
from dicom_gateway.dimse.command import text
from dicom_gateway.dimse.problems import TooSlow
from dicom_gateway.dimse.service import Request, Response, serves
from dicom_gateway.dimse.sub_operations import UNCOMPRESSED, Counts, sent
from dicom_gateway.partners import Peer
from dicom_gateway.querying.levels import Root
from fhirserver.instances import InstanceRow

log = logging.getLogger(__name__)

PATIENT_ROOT: Final = "1.2.840.10008.5.1.4.1.2.1.2"
STUDY_ROOT: Final = "1.2.840.10008.5.1.4.1.2.2.2"
ROOTS: Final[dict[str, Root]] = {PATIENT_ROOT: "patient", STUDY_ROOT: "study"}
UNKNOWN_DESTINATION: Final = 0xA801
_NOT_SENT: Final = 0xA700
_MOST_CLASSES: Final = 40
"""SOP classes of one association: each may take a context for every transfer syntax."""


@serves("C-MOVE", PATIENT_ROOT, STUDY_ROOT, may="move", extended=sub_operations.agreed)
def move(request: Request) -> Iterator[Response]:
    """Each instance as a C-STORE to the destination, with a response after each."""
    destination = request.gateway.directory.titled(text(request.command, "MoveDestination"))
    if destination is None:
        comment = "the destination isn't known here"
        yield Response(UNKNOWN_DESTINATION, elements={"ErrorComment": comment})
        return

    def sending(rows: Sequence[InstanceRow], counts: Counts) -> Iterator[None]:
        for some in _associations(rows):
            yield from _sent_to(request, destination, some, counts)

    yield from sub_operations.performed(request, ROOTS, "dicom-move", sending, destination)


def _sent_to(
    request: Request, destination: Peer, rows: Sequence[InstanceRow], counts: Counts
) -> Iterator[None]:
    """Send some on an association of their own; what can't be sent has failed."""
    originator = (request.association.calling, request.message_id)
    left = list(reversed(rows))
    try:
        with call(destination, _syntaxes(rows), request.gateway.caller) as association:
            while left:
                row = left[-1]
                status = sent(association, request.gateway.instances, row, originator)
                counts.take(left.pop().uid, status)
                yield
    except (OSError, TooSlow) as error:
        # Refused and Ended are such, too. Errors of sockets name addresses, but no patients.
        extra = {"peer": destination.id, "reason": type(error).__name__}
        log.warning("dicom_destination_failed", extra=extra)
    for row in reversed(left):
        counts.take(row.uid, _NOT_SENT)
        yield


def _syntaxes(rows: Sequence[InstanceRow]) -> list[tuple[str, list[str]]]:
    """What is proposed: each class as its instances are kept, and uncompressed."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        found.setdefault(row.sop_class, {})[row.transfer_syntax] = None
    return [
        (uid, list({**syntaxes, **dict.fromkeys(UNCOMPRESSED)})) for uid, syntaxes in found.items()
    ]


def _associations(rows: Sequence[InstanceRow]) -> Iterator[Sequence[InstanceRow]]:
    """The instances in as few groups as the number of contexts allows."""
    some: list[InstanceRow] = []
    pairs: set[tuple[str, str]] = set()
    for row in rows:
        own = {(row.sop_class, uid) for uid in (row.transfer_syntax, *UNCOMPRESSED)}
        pairs |= own
        if len(pairs) > _MOST_CLASSES * 3:
            yield some
            some, pairs = [], set(own)
        some.append(row)
    if some:
        yield some
