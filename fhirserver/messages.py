"""The record of HL7 v2 messages: a side door for the gateway, over storage.

    taken = messages.take([Arrival(...), ...])   # committed when it returns: now it may be answered
    message = messages.find(taken[0].id)         # message.raw are the bytes as they came

What messages say of patients is sealed: their text, under a data key of the purpose `hl7v2`. In
clear lie control ids, events, what was answered, and digests of the patients' identifiers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from fhirserver import clock
from fhirserver.errors import Damaged
from fhirserver.keys import aead
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.storage import coded_messages as coded
from fhirserver.storage import message_lists as lists
from fhirserver.storage import messages as rows
from fhirserver.storage.coded_messages import Held
from fhirserver.storage.database import Connection, Database
from fhirserver.storage.message_lists import LaneStanding, SenderStanding, Wanted
from fhirserver.storage.messages import TOPIC, Done, Head, Known, State

__all__ = [
    "TOPIC", "Arrival", "Done", "Head", "Held", "LaneStanding", "Message", "Messages",
    "SenderStanding", "State", "Taken", "Wanted", "partners", "senders",
]  # fmt: skip

PURPOSE: Final = "hl7v2"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that has come, and what is to be answered: see storage.messages.Head.

    `control` is empty where there is none. One whose `state` is `refused` is kept for the operator;
    it may come again.
    """

    raw: bytes
    sender: str
    control: str = ""
    event: str = ""
    version: str = ""
    source: str = "mllp"
    address: str | None = None
    mode: str = "original"
    code: str = ""
    state: State = "waiting"
    reason: str | None = None
    lanes: tuple[str, ...] = ()
    ack: bytes | None = None
    copy_of: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one that has come: it is kept as `id`, or came before.

    `is_same`: with the same bytes, and `ack` is what was answered then.
    """

    id: int
    ack: bytes | None
    is_new: bool = True
    is_same: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the record, as it came."""

    head: Head
    raw: bytes


class Messages:
    """The messages of one server. `duplicate_days`: after so long a control id is a new one."""

    def __init__(self, database: Database, keyring: Keyring, *, duplicate_days: float = 7) -> None:
        self.database = database
        self._keyring = keyring
        self._window = timedelta(days=duplicate_days)

    def take(self, arrivals: Sequence[Arrival]) -> list[Taken]:
        """Keep messages, in their order, all in one transaction that has ended when this returns.

        Raises Unavailable when they can't be kept, and then none is.
        """
        if not arrivals:
            return []
        digests = [hashlib.sha256(a.raw).digest() for a in arrivals]
        key, secret = self._keyring.shared(PURPOSE)
        with self.database.transaction() as connection:
            ids = rows.reserve(connection, len(arrivals))
            made = [
                rows.Row(
                    id=id_,
                    copy_of=a.copy_of,
                    key=key,
                    size=len(a.raw),
                    is_known=a.state != "refused",
                    state=a.state,
                    sender=a.sender,
                    control=a.control or f"#{digest.hex()}",
                    event=a.event,
                    version=a.version,
                    source=a.source,
                    address=a.address,
                    mode=a.mode,
                    code=a.code,
                    lanes=a.lanes,
                    reason=a.reason,
                    digest=digest,
                    ack=a.ack,
                    raw=aead.seal(secret, a.raw, _place(id_)),
                )
                for id_, a, digest in zip(ids, arrivals, digests, strict=True)
            ]
            kept = rows.add(connection, made)
            before = self._before(connection, made, kept)
        return [
            Taken(row.id, row.ack)
            if row.id in kept
            else _repeated(before[row.sender, row.control], row)
            for row in made
        ]

    def _before(
        self, connection: Connection, made: Sequence[rows.Row], kept: set[int]
    ) -> Mapping[tuple[str, str], Known]:
        """What came before under the control ids of those that aren't kept.

        Those for which that is too long ago are kept after all.
        """
        repeated = [row for row in made if row.id not in kept]
        if not repeated:
            return {}
        found = rows.known(connection, [(r.sender, r.control) for r in repeated])
        horizon = clock.now() - self._window
        old = {key for key, known in found.items() if known.received < horizon}
        if old:
            rows.forget(connection, [found[key].id for key in old])
            kept |= rows.add(connection, [r for r in repeated if (r.sender, r.control) in old])
            found = rows.known(connection, [(r.sender, r.control) for r in repeated])
        return found

    def find(self, id_: int) -> Message | None:
        """A message of the record. Raises Damaged, KeyUnavailable."""
        found = rows.find(self.database, id_)
        if found is None:
            return None
        head, key, sealed = found
        return self._opened(head, key, sealed)

    def find_all(self, ids: Sequence[int]) -> dict[int, Message]:
        """Messages of the record by their numbers. Raises Damaged, KeyUnavailable."""
        found = rows.find_all(self.database, ids)
        return {head.id: self._opened(head, key, sealed) for head, key, sealed in found}

    def _opened(self, head: Head, key: UUID, sealed: bytes) -> Message:
        try:
            return Message(head, aead.unseal(self._keyring.key(key), sealed, _place(head.id)))
        except (aead.NotAuthentic, KeyDestroyed) as error:
            raise Damaged from error

    def answers(self, id_: int) -> tuple[bytes | None, bytes | None]:
        """What was answered at once, and the application acknowledgement."""
        return rows.answers(self.database, id_)

    def is_first(self, head: Head) -> bool:
        """Whether nothing is before a message in any of its lanes."""
        return rows.is_first(self.database, head.id, head.lanes)

    def end(
        self,
        id_: int,
        state: State,
        *,
        reason: str | None = None,
        report: Mapping[str, Any] | None = None,
        answer: bytes | None = None,
    ) -> bool:
        """Bring a message to its end; False when it has ended before.

        In a transaction of this thread it is part of that. See storage.messages.end.
        """
        return rows.end(self.database, id_, state, reason=reason, report=report, answer=answer)

    def end_all(self, done: Sequence[Done]) -> int:
        """Bring messages to their end that are done; how many hadn't ended before."""
        return rows.end_all(self.database, done)

    def written(self, id_: int) -> bool:
        """Something is still to be done for a message; False when it isn't waiting any more."""
        return rows.written(self.database, id_)

    def owed(self, sender: str, *, limit: int = 100) -> list[tuple[int, bytes]]:
        """Application acknowledgements that a sender hasn't been sent, the oldest first."""
        return rows.owed(self.database, sender, limit=limit)

    def claim(self, sender: str) -> bool:
        """Whether what a sender is owed is this thread's to send, until it lets go.

        The claim is lost with the thread's connection: who died holds up nobody.
        """
        return rows.claim(self.database, sender)

    def let_go(self, sender: str) -> None:
        """Let others send what a sender is owed."""
        rows.let_go(self.database, sender)

    def paid(self, ids: Sequence[int]) -> list[int]:
        """The caller is about to send them; those that nobody else does."""
        return rows.paid(self.database, ids)

    def partners(self, connection_type: str) -> list[dict[str, Any]]:
        """The Endpoints that tell of senders and receivers."""
        return rows.partners(self.database, connection_type)

    def again(self, ids: Sequence[int]) -> list[int]:
        """Put messages that have ended back into the queue, in their order; which ones."""
        with self.database.transaction() as connection:
            return rows.again(connection, sorted(ids))

    def redo(self, ids: Sequence[int]) -> list[int]:
        """Do messages again, and all later ones about the same patients after them; which ones."""
        with self.database.transaction() as connection:
            return coded.redo(connection, ids)

    def held(self, sender: str, vocabulary: str, code: str) -> Held:
        """How often a code that nobody knows was met."""
        return coded.held(self.database, sender, vocabulary, code)

    def stale(self, sender: str, answers: Mapping[tuple[str, str], str], version: int) -> list[int]:
        """Messages done without an answer that they need: see storage.coded_messages.stale."""
        return coded.stale(self.database, sender, answers, version)

    def version_of(self, resource_type: str, id_: str) -> int | None:
        """The number of the current version of a resource; None when there is none."""
        return coded.version_of(self.database, resource_type, id_)

    def ever(self, resource_type: str, ids: Sequence[str]) -> set[str]:
        """Which of these ids there are, or were until they were deleted."""
        return coded.ever(self.database, resource_type, ids)

    def discard(self, id_: int, reason: str) -> bool:
        """Deal with a message no more; False when it isn't waiting, and isn't dead."""
        return rows.discard(self.database, id_, reason)

    def list(self, wanted: Wanted, *, limit: int, oldest_first: bool = False) -> list[Head]:
        """The newest of some messages, or the oldest, at most so many."""
        return lists.messages(self.database, wanted, limit=limit, oldest_first=oldest_first)

    def senders(self) -> Sequence[SenderStanding]:
        """How the messages of each sender stand."""
        return lists.senders(self.database)

    def lanes(self, *, limit: int, about: int | None = None) -> Sequence[LaneStanding]:
        """The lanes that have waited longest: all, or those in which this message waits."""
        return lists.lanes(self.database, limit=limit, about=about)

    def newer(self, head: Head) -> int:
        """How many messages about the same patients came later and were dealt with."""
        return lists.newer(self.database, head.id, head.lanes)


def partners(database: Database, connection_type: str) -> list[dict[str, Any]]:
    """The Endpoints that tell of systems with a type of connection, by id."""
    return rows.partners(database, connection_type)


def senders(database: Database) -> Sequence[SenderStanding]:
    """How the messages of each sender stand."""
    return lists.senders(database)


def _repeated(before: Known, row: rows.Row) -> Taken:
    return Taken(before.id, before.ack, is_new=False, is_same=before.digest == row.digest)


def _place(id_: int) -> bytes:
    """What a sealed text is bound to."""
    return f"hl7v2.message {id_}".encode()
