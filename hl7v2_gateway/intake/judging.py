"""Whether a message is taken: what must be right before it is safe to say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hl7v2_gateway.er7 import Malformed, Message, Place, Problem
from hl7v2_gateway.partners import Sender

REQUIRED: Final = "101"
TYPE: Final = "200"
PROCESSING: Final = "202"
DUPLICATE: Final = "205"
INTERNAL: Final = "207"

Supports = Callable[[Message], Problem | None]
"""Whether anything can be made of messages of such a type and event; if not, why."""

UNKNOWN_SENDER: Final = Problem(
    INTERNAL, Place("MSH", 1, 3), "this sender isn't known here: enter it as an Endpoint", "E"
)
OTHER_CONTENT: Final = Problem(
    DUPLICATE, Place("MSH", 1, 10), "another message came under this control id before", "E"
)
TOO_LONG: Final = Problem(
    INTERNAL, Place("MSH"), "the message is larger than is taken here: send it in parts", "E"
)
UNBOUND: Final = Problem(
    INTERNAL,
    Place("MSH", 1, 3),
    "who asks must be known by a certificate, a client or an address: enter one at its Endpoint",
    "E",
)
"""Whoever knows a name could ask for patients otherwise."""

WIDE: Final = Malformed(
    "102", Place("MSH", 1, 18), "UTF-16 can't be sent in blocks: send UNICODE UTF-8"
)
"""Its bytes would be taken for the marks of a block; one message that arrives whole is luck."""


def problem_of(message: Message, sender: Sender, supports: Supports) -> Problem | None:
    """The first reason not to take a message from a known sender; None where there is none.

    A message without a control id is taken: it is known by its bytes. So is one that doesn't say
    its version or processing id: nothing is lost by that.
    """
    header = message.header
    if not header.type:
        return Problem(REQUIRED, Place("MSH", 1, 9), "must say message type and event", "E")
    processing = header.processing_id
    if processing and processing not in sender.processing:
        return Problem(
            PROCESSING, Place("MSH", 1, 11), "messages of this kind aren't taken from here", "E"
        )
    for found in header.problems():
        if found.code == "203":
            return found
    return supports(message)
