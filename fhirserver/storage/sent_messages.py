"""HL7 v2 messages that go out: what was written, how often it was sent, what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.versions import array

State = Literal["waiting", "stopped", "accepted", "rejected", "discarded"]


@dataclass(frozen=True, slots=True)
class Head:
    """A message without its text.

    `waiting` for its turn or for an answer; `stopped`: rejected, and its receiver waits for an
    operator; `rejected`: given up, and the next had its turn; `discarded` by an operator. `code` is
    MSA-1 of the last answer.
    """

    id: int
    made: datetime
    tried: datetime | None
    ended: datetime | None
    receiver: str
    control: str
    event: str
    about: str
    version: int
    patient: str | None
    state: State
    attempts: int
    code: str
    reason: str | None
    size: int


HEAD: Final = (
    "id, made, tried, ended, receiver, control, event, about, version, patient, state, attempts, "
    "code, reason, size"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A message that has been written; `raw` is sealed with `key`."""

    id: int
    item: int
    receiver: str
    control: str
    event: str
    about: str
    version: int
    patient: str | None
    key: UUID
    size: int
    raw: bytes


def supersede(connection: Connection, id_: int, reason: str) -> None:
    """Another one is in the place of a message that wasn't accepted."""
    execute(
        connection,
        "UPDATE hl7v2.sent SET state = 'discarded', reason = %s, "
        "ended = coalesce(ended, clock_timestamp()) "
        "WHERE id = %s AND state IN ('waiting', 'stopped', 'rejected')",
        (reason, id_),
    )


def reserve(database: Database) -> int:
    """A new number."""
    rows = database.write("SELECT nextval(pg_get_serial_sequence('hl7v2.sent', 'id'))")
    return int(rows[0][0])


def add(database: Database, row: Row) -> bool:
    """Keep a message; False when there is one for its item."""
    rows = database.write(
        "INSERT INTO hl7v2.sent (id, item, receiver, control, event, about, version, patient, key, "
        "size, raw) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %b) "
        "ON CONFLICT (item) DO NOTHING RETURNING id",
        (
            row.id, row.item, row.receiver, row.control, row.event, row.about, row.version,
            row.patient, row.key, row.size, row.raw,
        ),
    )  # fmt: skip
    return bool(rows)


def of_item(database: Database, item: int) -> int | None:
    """The message that was made for an item of the queue."""
    rows = database.point("SELECT id FROM hl7v2.sent WHERE item = %s", (item,))
    return rows[0][0] if rows else None


def find(database: Database, id_: int) -> tuple[Head, UUID, bytes, bytes | None] | None:
    """A message, its key, its sealed text and that of the answer."""
    rows = database.point(f"SELECT {HEAD}, key, raw, ack FROM hl7v2.sent WHERE id = %s", (id_,))
    if not rows:
        return None
    *values, key, raw, ack = rows[0]
    return Head(*values), key, bytes(raw), None if ack is None else bytes(ack)


def note(
    database: Database,
    id_: int,
    state: State,
    *,
    code: str = "",
    reason: str | None = None,
    ack: bytes | None = None,
) -> None:
    """What became of an attempt."""
    database.write(
        "UPDATE hl7v2.sent SET state = %s, code = %s, reason = %s, ack = coalesce(%s, ack), "
        "tried = clock_timestamp(), attempts = attempts + 1, "
        "ended = CASE WHEN %s IN ('accepted', 'rejected') THEN clock_timestamp() END "
        "WHERE id = %s AND state IN ('waiting', 'stopped')",
        (state, code, reason, ack, state, id_),
    )


def listed(
    database: Database,
    *,
    receiver: str | None = None,
    states: Sequence[str] = (),
    control: str | None = None,
    about: str | None = None,
    patient: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Head]:
    """Messages that went out or are to go, the newest first."""
    conditions, values = ["true"], list[Any]()
    named = {"receiver": receiver, "control": control, "about": about, "patient": patient}
    for column, value in named.items():
        if value is not None:
            conditions.append(f"{column} = %s")
            values.append(value)
    if states:
        conditions.append("state = ANY(%s::text[])")
        values.append(list(states))
    if before is not None:
        conditions.append("id < %s")
        values.append(before)
    rows = database.read(
        f"SELECT {HEAD} FROM hl7v2.sent WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT %s",
        (*values, limit),
        prepare=False,
    )
    return [Head(*row) for row in rows]


def reopen(connection: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    """Let messages wait again, in order: their numbers and receivers; not those that wait."""
    rows = execute(
        connection,
        "WITH back AS (UPDATE hl7v2.sent SET state = 'waiting', ended = NULL, reason = NULL "
        "WHERE id = ANY(%s::int8[]) AND state IN ('accepted', 'rejected', 'discarded') "
        "RETURNING id, receiver) SELECT id, receiver FROM back ORDER BY id",
        (array(ids),),
    )
    return [(row[0], row[1]) for row in rows]


def go_on(
    connection: Connection, ids: Sequence[int], state: Literal["waiting", "discarded"]
) -> list[int]:
    """Send those that hold their receiver up again, or leave them out; which they were.

    Their item is due at once.
    """
    rows = execute(
        connection,
        "WITH gone AS (UPDATE hl7v2.sent SET state = %s, reason = CASE WHEN %s = 'discarded' THEN "
        "reason END, ended = CASE WHEN %s = 'discarded' THEN clock_timestamp() END "
        "WHERE id = ANY(%s::int8[]) AND state IN ('waiting', 'stopped') RETURNING id, item), "
        "due AS (UPDATE queue.item i SET due = LEAST(i.due, clock_timestamp()) FROM gone g "
        "WHERE i.id = g.item OR i.content->'sent' = to_jsonb(g.id)) "
        "SELECT id FROM gone ORDER BY id",
        (state, state, state, array(ids)),
    )
    return [row[0] for row in rows]
