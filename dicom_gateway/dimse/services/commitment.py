"""Storage commitment, push model: are these instances kept for good?

The question is kept and answered at once; what became of each instance is reported later (see
reporting.py). https://dicom.nema.org/medical/dicom/current/output/chtml/part04/chapter_J.html
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from pydicom import Dataset
from pynetdicom.dsutils import decode

from dicom_gateway.datasets import is_uid
from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse.reporting import PUSH_MODEL
from dicom_gateway.dimse.service import IMPLICIT_LITTLE, Request, Response, serves

INSTANCE: Final = "1.2.840.10008.1.20.1.1"
"""The well-known instance that is acted on."""
REQUEST: Final = 1
"""The action type."""

NO_SUCH_INSTANCE: Final = 0x0112
INVALID_ARGUMENT: Final = 0x0115
NO_SUCH_ACTION: Final = 0x0123


@serves("N-ACTION", PUSH_MODEL, may="commit", invokes=True)
def commit(request: Request) -> Iterator[Response]:
    """Keep the question."""
    if commands.text(request.command, "RequestedSOPInstanceUID") != INSTANCE:
        yield Response(NO_SUCH_INSTANCE)
        return
    if commands.number(request.command, "ActionTypeID") != REQUEST:
        yield Response(NO_SUCH_ACTION)
        return
    asked = _asked(request)
    if asked is None:
        yield Response(INVALID_ARGUMENT)
        return
    transaction, references = asked
    gateway, association = request.gateway, request.association
    content = {
        "references": references,
        "listener": gateway.id,
        "association": association.number,
    }
    gateway.instances.add_commitment(transaction, request.peer.id, association.calling, content)
    yield Response(0x0000, then=gateway.commitments_due.set)


def _asked(request: Request) -> tuple[str, list[tuple[str, str]]] | None:
    """The transaction, and SOP class and UID of each instance; None where they aren't there."""
    is_implicit = request.context.transfer_syntax == IMPLICIT_LITTLE
    try:
        dataset = decode(io.BytesIO(request.dataset), is_implicit, True)
        transaction = _uid(dataset, "TransactionUID")
        items = dataset.get("ReferencedSOPSequence") or ()
        found = [
            (_uid(i, "ReferencedSOPClassUID"), _uid(i, "ReferencedSOPInstanceUID")) for i in items
        ]
    except Exception:  # noqa: BLE001 - whatever pydicom stumbles over is the sender's doing
        return None
    uids = [transaction, *(uid for pair in found for uid in pair)]
    return (transaction, found) if found and all(map(is_uid, uids)) else None


def _uid(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "")
