"""The lanes of a message: one for each patient that it is about.

Messages of a lane are dealt with in the order in which they came. A lane goes by the sender and the
identifier alone: who assigned it is said in one message and left out in the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhirserver.search.hashing import digest
from hl7v2_gateway.er7 import NULL, Message, Segment

# Where a segment says which patient it is about: first what is best.
_FIELDS: Final = {"PID": (3, 2, 4), "MRG": (1, 4)}
# Table 0203: what the sender itself knows the patient by.
_OWN: Final = ("MR", "PI", "PT")


def lanes_of(message: Message, sender: str) -> tuple[str, ...]:
    """At least one: a message without a patient is in the sender's own lane."""
    found = dict.fromkeys(
        lane(sender, identifier)
        for name in _FIELDS
        for segment in message.all(name)
        if (identifier := _identifier(segment)) is not None
    )
    return tuple(found) or (lane(sender, ""),)


def lane(sender: str, identifier: str) -> str:
    """The lane of a patient, told from all others as far as 64 bits do.

    Lanes of one identifier begin alike, whoever sends: they are taken on together, as lanes are in
    their order, and what two senders write of a patient doesn't wait for the other's transaction.

    >>> lane("lab", "0815 ") == lane("lab", "0815") != lane("adt", "0815")
    True
    >>> lane("lab", "0815")[:8] == lane("adt", "0815")[:8] != lane("adt", "0816")[:8]
    True
    """
    spelling = identifier.strip().upper()
    return _half(f"hl7v2|{spelling}") + _half(f"hl7v2|{sender}|{spelling}")


def _half(text: str) -> str:
    return f"{digest(text) & (1 << 32) - 1:08x}"


def _identifier(segment: Segment) -> str | None:
    for number in _FIELDS[segment.name]:
        found = list(_identifiers(segment, number))
        own = [value for kind in _OWN for value, its in found if its == kind]
        if found:
            return own[0] if own else found[0][0]
    return None


def _identifiers(segment: Segment, number: int) -> Iterator[tuple[str, str]]:
    """Identifiers and their types."""
    for repetition in segment.field(number).repetitions:
        value = repetition.component(1).value
        if value and value != NULL:
            yield value, repetition.component(5).value or ""
