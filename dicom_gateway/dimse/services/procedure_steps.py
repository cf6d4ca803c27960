"""Modality Performed Procedure Step: N-CREATE when one begins, N-SET while and when it ends.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_F.7.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from dicom_gateway.datasets import from_uuid, is_uid
from dicom_gateway.dimse.command import Value, text
from dicom_gateway.dimse.service import Request, Response, serves
from dicom_gateway.mapping.procedure_steps import Missing, Wrong
from dicom_gateway.matching import Item
from dicom_gateway.operating.procedure_steps import AlreadyThere, Over, Steps, Unknown
from dicom_gateway.querying.reading import BadIdentifier, identifier
from fhirserver import ids

MPPS: Final = "1.2.840.10008.3.1.2.3.3"
SUCCESS: Final = 0x0000
INVALID_VALUE: Final = 0x0106
PROCESSING_FAILURE: Final = 0x0110
DUPLICATE: Final = 0x0111
NO_SUCH_INSTANCE: Final = 0x0112
INVALID_INSTANCE: Final = 0x0117
MISSING_ATTRIBUTE: Final = 0x0120
MISSING_VALUE: Final = 0x0121
NO_LONGER_UPDATED: Final = 0xA710
"""The Error ID of a step that is over (PS3.4 F.7.2.2.2)."""


@serves("N-CREATE", MPPS, may="mpps")
def create(request: Request) -> Iterator[Response]:
    """A step begins."""
    uid = text(request.command, "AffectedSOPInstanceUID")
    made = not uid
    if made:
        uid = from_uuid(UUID(ids.new()))
    for response in _done(request, uid, lambda steps, item: steps.begin(uid, item)):
        if made and response.status == SUCCESS:
            yield Response(SUCCESS, elements={"AffectedSOPInstanceUID": uid})
        else:
            yield response


@serves("N-SET", MPPS, may="mpps")
def set_(request: Request) -> Iterator[Response]:
    """A step goes on, is completed, or discontinued."""
    uid = text(request.command, "RequestedSOPInstanceUID")
    yield from _done(request, uid, lambda steps, item: steps.change(uid, item))


def _done(request: Request, uid: str, do: Callable[[Steps, Item], None]) -> Iterator[Response]:
    if not is_uid(uid):
        yield Response(INVALID_INSTANCE)
        return
    status, elements = SUCCESS, dict[str, Value]()
    try:
        item = identifier(request.dataset, request.context.transfer_syntax)
        do(Steps(request.gateway.engine, request.peer), item)
    except BadIdentifier as error:
        status, elements = PROCESSING_FAILURE, {"ErrorComment": str(error)[:64]}
    except Missing as error:
        status = MISSING_VALUE if error.is_empty else MISSING_ATTRIBUTE
        elements = {"AttributeIdentifierList": (int(error.tag, 16),)}
    except Wrong as error:
        status, elements = INVALID_VALUE, {"AttributeIdentifierList": (int(error.tag, 16),)}
    except AlreadyThere:
        status = DUPLICATE
    except Unknown:
        status = NO_SUCH_INSTANCE
    except Over:
        comment = "Performed Procedure Step Object may no longer be updated"
        status = PROCESSING_FAILURE
        elements = {"ErrorID": NO_LONGER_UPDATED, "ErrorComment": comment}
    yield Response(status, elements=elements)
