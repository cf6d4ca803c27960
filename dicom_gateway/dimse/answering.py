"""Responses to requests, as command sets."""

from __future__ import annotations

import struct
from typing import Final

from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse.command import FIELD, RESPONSE, Command, Value
from dicom_gateway.dimse.service import Response
from dicom_gateway.intake import Outcome

UNABLE: Final = 0xC000
PROCESSING_FAILURE: Final = 0x0110
UNRECOGNIZED_OPERATION: Final = 0x0211
NOT_AUTHORIZED: Final = 0x0124

# What a response repeats of its request (PS3.7 chapters 9 and 10), by what it is called there.
_REPEATED: Final = {
    "AffectedSOPClassUID": "AffectedSOPClassUID",
    "RequestedSOPClassUID": "AffectedSOPClassUID",
    "AffectedSOPInstanceUID": "AffectedSOPInstanceUID",
    "RequestedSOPInstanceUID": "AffectedSOPInstanceUID",
    "EventTypeID": "EventTypeID",
    "ActionTypeID": "ActionTypeID",
}

_ELEMENT: Final = struct.Struct("<HHI")
_NUMBERS: Final = struct.Struct("<HHIH HHIH HHIH HHIH")
_LENGTH: Final = struct.Struct("<HHII")


def response_to(request: Command, response: Response) -> dict[str, Value]:
    """The command set of a response."""
    repeated = {new: request[old] for old, new in _REPEATED.items() if old in request}
    return {
        **repeated,
        "CommandField": commands.number(request, "CommandField") | RESPONSE,
        "MessageIDBeingRespondedTo": commands.number(request, "MessageID"),
        "Status": response.status,
        **response.elements,
    }


def stored(request: Command, outcome: Outcome) -> bytes:
    """The response to a C-STORE; there are so many of them that it is packed by hand.

    >>> request = {"AffectedSOPClassUID": "1.2", "MessageID": 3, "AffectedSOPInstanceUID": "1.2.3"}
    >>> commands.decoded(stored(request, Outcome(0)))["AffectedSOPInstanceUID"]
    '1.2.3'
    """
    if outcome.status:
        elements: dict[str, Value] = {}
        if outcome.comment:
            elements["ErrorComment"] = outcome.comment
        if outcome.element is not None:
            elements["OffendingElement"] = (outcome.element,)
        response = Response(outcome.status, elements=elements)
        answer = response_to({**request, "CommandField": FIELD["C-STORE"]}, response)
        return commands.encoded({**answer, "CommandDataSetType": commands.NO_DATASET})
    sop_class = _uid(commands.text(request, "AffectedSOPClassUID"))
    instance = _uid(commands.text(request, "AffectedSOPInstanceUID"))
    body = b"".join(
        (
            _ELEMENT.pack(0, 0x0002, len(sop_class)),
            sop_class,
            _NUMBERS.pack(
                *(0, 0x0100, 2, FIELD["C-STORE"] | RESPONSE),
                *(0, 0x0120, 2, commands.number(request, "MessageID")),
                *(0, 0x0800, 2, commands.NO_DATASET),
                *(0, 0x0900, 2, outcome.status),
            ),
            _ELEMENT.pack(0, 0x1000, len(instance)),
            instance,
        )
    )
    return _LENGTH.pack(0, 0, 4, len(body)) + body


def failure(name: str) -> int:
    """The status for a request that can't be done."""
    return UNABLE if name.startswith("C-") else PROCESSING_FAILURE


def _uid(uid: str) -> bytes:
    raw = uid.encode("ascii", errors="replace")
    return raw + b"\0" * (len(raw) % 2)
