"""The record of HL7 v2 messages that go out: a side door for the gateway, over storage.

    sent = SentMessages(database, keyring)
    message = sent.made(Outgoing(item=item.id, ...))   # once for an item, however often it is tried
    sent.note(message.head.id, "accepted", code="AA", ack=ack)

The text of messages and answers is sealed, as that of messages that come in (fhirserver.messages).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import Damaged
from fhirserver.keys import aead
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.storage import queue_items, sent_standing
from fhirserver.storage import sent_messages as rows
from fhirserver.storage.database import Database
from fhirserver.storage.queue_items import New
from fhirserver.storage.sent_messages import Head, State
from fhirserver.storage.sent_standing import ReceiverStanding

__all__ = [
    "TOPIC", "Head", "Outgoing", "ReceiverStanding", "Sent", "SentMessages", "State", "receivers",
]  # fmt: skip

PURPOSE: Final = "hl7v2"
TOPIC: Final = "hl7v2.send"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that has been written, and what for: an item of the queue, a version."""

    item: int
    receiver: str
    control: str
    event: str
    about: str
    version: int
    raw: bytes
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the record; `ack` is the last answer."""

    head: Head
    raw: bytes
    ack: bytes | None


class _BeingSent(Exception):
    """A worker has the message in hand."""


def receivers(database: Database) -> list[ReceiverStanding]:
    """How the lane of each receiver stands."""
    return sent_standing.receivers(database, TOPIC)


class SentMessages:
    """The messages that one server sends."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database = database
        self._keyring = keyring

    def keep(self, message: Outgoing) -> int:
        """Keep a message, unless there is one for its item; its number, or that of the other."""
        key, secret = self._keyring.shared(PURPOSE)
        id_ = rows.reserve(self.database)
        row = rows.Row(
            id=id_,
            item=message.item,
            receiver=message.receiver,
            control=message.control,
            event=message.event,
            about=message.about,
            version=message.version,
            patient=message.patient,
            key=key,
            size=len(message.raw),
            raw=aead.seal(secret, message.raw, _place(id_)),
        )
        if rows.add(self.database, row):
            return id_
        before = rows.of_item(self.database, message.item)
        return id_ if before is None else before

    def of_item(self, item: int) -> int | None:
        """The message that was made for an item of the queue."""
        return rows.of_item(self.database, item)

    def find(self, id_: int) -> Sent | None:
        """A message with its text. Raises Damaged, KeyUnavailable."""
        found = rows.find(self.database, id_)
        if found is None:
            return None
        head, key, raw, ack = found
        try:
            secret = self._keyring.key(key)
            answer = None if ack is None else aead.unseal(secret, ack, _place_of_answer(id_))
            return Sent(head, aead.unseal(secret, raw, _place(id_)), answer)
        except (aead.NotAuthentic, KeyDestroyed) as error:
            raise Damaged from error

    def note(
        self,
        id_: int,
        state: State,
        *,
        code: str = "",
        reason: str | None = None,
        ack: bytes | None = None,
    ) -> None:
        """What became of an attempt; nothing is noted of a message that has ended."""
        sealed = None
        if ack is not None:
            found = rows.find(self.database, id_)
            if found is not None:
                sealed = aead.seal(self._keyring.key(found[1]), ack, _place_of_answer(id_))
        rows.note(self.database, id_, state, code=code, reason=reason, ack=sealed)

    def listed(self, **wanted: Any) -> list[Head]:
        """Messages, the newest first: see storage.sent_messages.listed."""
        return rows.listed(self.database, **wanted)

    def again(self, ids: Sequence[int]) -> list[int]:
        """Send messages once more, as they were, behind what waits; which ones.

        One that holds its receiver up is sent at once.
        """
        with self.database.transaction() as connection:
            back = rows.reopen(connection, ids)
            items = [New(receiver, {"sent": id_}) for id_, receiver in back]
            if items:
                queue_items.add(connection, TOPIC, items)
            held = rows.go_on(connection, ids, "waiting")
        return sorted({*(id_ for id_, _ in back), *held})

    def replace(self, original: Head, control: str, raw: bytes) -> int | None:
        """Send an edited copy in the place of a message; its number.

        One that waits or holds its receiver up keeps its turn; of one that was accepted a copy is
        sent beside it. None, and nothing is done, while it is being sent.
        """
        try:
            return self._replace(original, control, raw)
        except _BeingSent:
            return None

    def _replace(self, original: Head, control: str, raw: bytes) -> int:
        with self.database.transaction() as connection:
            # No item of the queue is meant: those have positive numbers.
            id_ = self.keep(
                Outgoing(
                    item=-rows.reserve(self.database),
                    receiver=original.receiver,
                    control=control,
                    event=original.event,
                    about=original.about,
                    version=original.version,
                    raw=raw,
                    patient=original.patient,
                )
            )
            place = sent_standing.replace(connection, TOPIC, original.id, id_, original.receiver)
            if place is None:
                raise _BeingSent
            rows.supersede(connection, original.id, f"message {id_} is in its place")
        return id_

    def discard(self, ids: Sequence[int]) -> list[int]:
        """Don't send messages that wait or hold their receiver up; which ones."""
        with self.database.transaction() as connection:
            return rows.go_on(connection, ids, "discarded")


def _place(id_: int) -> bytes:
    """What a sealed text is bound to."""
    return f"hl7v2.sent {id_}".encode()


def _place_of_answer(id_: int) -> bytes:
    return f"hl7v2.sent {id_} ack".encode()
