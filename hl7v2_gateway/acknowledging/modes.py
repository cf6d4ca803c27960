"""Which acknowledgements a message asks for (HL7 v2.8.2, 2.9.2 and 2.9.3, table 0155).

Original mode: one answer of the application. Enhanced mode, when MSH-15 or MSH-16 is valued: an
accept acknowledgement once the message is safe, as MSH-15 says, and later another message with what
the application did, as MSH-16 says; one that is empty then means never.
"""

from __future__ import annotations

from typing import Final, Literal

from hl7v2_gateway.acknowledging.outcome import Verdict
from hl7v2_gateway.er7 import Header, Message

Mode = Literal["original", "accept", "application"]

CONDITIONS: Final[dict[str, frozenset[Verdict]]] = {
    "AL": frozenset({"accepted", "error", "rejected"}),
    "NE": frozenset(),
    "ER": frozenset({"error", "rejected"}),
    "SU": frozenset({"accepted"}),
    "": frozenset(),
}


def is_enhanced(header: Header) -> bool:
    """Whether the sender wants two acknowledgements, each under its condition."""
    return bool(header.accept_acknowledgement or header.application_acknowledgement)


def modes(message: Message) -> tuple[Mode, ...]:
    """The acknowledgements that this message can get, in the order they are sent.

    None for an acknowledgement: two systems would answer each other for ever. What answers a query
    or an order (it has an MSA) may be acknowledged as safely received, but not by the application.
    """
    header = message.header
    if header.is_acknowledgement:
        return ()
    answers = message.first("MSA") is not None
    if is_enhanced(header):
        return ("accept",) if answers else ("accept", "application")
    return () if answers else ("original",)


def is_owed(message: Message, mode: Mode, verdict: Verdict) -> bool:
    """Whether this acknowledgement, with this verdict, is to be sent."""
    if mode not in modes(message):
        return False
    if mode == "original":
        return True
    header = message.header
    condition = (
        header.accept_acknowledgement if mode == "accept" else header.application_acknowledgement
    )
    # A condition that nobody knows is taken for "always": silence would let the sender hang.
    return verdict in CONDITIONS.get(condition.upper(), CONDITIONS["AL"])
