"""HL7 v2 messages as they came, in the order in which they did, and what became of each.

A message and its place in the queue are committed together. It has a place in the lane of each
patient that it is about: one that is about two, as a merge is, waits in both until it is the first
in both, and holds both up meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from fhirserver.model import json
from fhirserver.search.hashing import digest
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.schema import table
from fhirserver.storage.versions import COLUMNS, array, version_of

TOPIC: Final = "hl7v2"

State = Literal["waiting", "written", "done", "dead", "refused", "discarded"]


@dataclass(frozen=True, slots=True)
class Head:
    """A message without its text: who sent it, and what became of it.

    `is_known`: whether it counts when the same control id comes again. `code` is MSA-1 of what was
    answered at once, `mode` how it was to be acknowledged; `report` what its conversion left over.
    """

    id: int
    received: datetime
    ended: datetime | None
    copy_of: int | None
    size: int
    state: State
    sender: str
    control: str
    event: str
    version: str
    source: str
    address: str | None
    mode: str
    code: str
    lanes: tuple[str, ...]
    reason: str | None
    is_owed: bool
    report: Mapping[str, Any] | None


HEAD: Final = (
    "m.id, m.received, m.ended, m.copy_of, m.size, m.state, m.sender, m.control, m.event, "
    "m.version, m.source, m.address, m.mode, m.code, m.lanes, m.reason, m.is_owed, m.report::text"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A message that has come; `raw` is sealed with `key`. See Head."""

    id: int
    copy_of: int | None
    key: UUID
    size: int
    is_known: bool
    state: State
    sender: str
    control: str
    event: str
    version: str
    source: str
    address: str | None
    mode: str
    code: str
    lanes: tuple[str, ...]
    reason: str | None
    digest: bytes
    ack: bytes | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """A message that has come before under the same control id."""

    id: int
    received: datetime
    digest: bytes
    ack: bytes | None


def reserve(connection: Connection, count: int) -> list[int]:
    """New numbers, in order."""
    rows = execute(
        connection,
        "SELECT nextval(pg_get_serial_sequence('hl7v2.message', 'id')) FROM generate_series(1, %s)",
        (count,),
    )
    return [row[0] for row in rows]


_ADD: Final = """
WITH kept AS (
  INSERT INTO hl7v2.message (id, copy_of, key, size, is_known, state, sender, control, event,
    version, source, address, mode, code, lanes, reason, digest, ack, raw, ended)
  OVERRIDING SYSTEM VALUE
  SELECT id, copy_of, key, size, is_known, state, sender, control, event, version, source, address,
    mode, code, string_to_array(lanes, ' '), reason, digest, nullif(ack, ''), raw,
    CASE WHEN state = 'done' THEN clock_timestamp() END
  FROM unnest(%s::int8[], %s::int8[], %s::uuid[], %s::int4[], %s::bool[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %b::bytea[], %b::bytea[], %b::bytea[])
    AS n (id, copy_of, key, size, is_known, state, sender, control, event, version, source,
      address, mode, code, lanes, reason, digest, ack, raw)
  ORDER BY id
  ON CONFLICT (sender, control) WHERE is_known DO NOTHING
  RETURNING id, state, lanes),
queued AS (
  INSERT INTO queue.item (topic, lane, content)
  SELECT %s, l.lane, jsonb_build_object('message', k.id, 'nr', l.nr, 'of', cardinality(k.lanes))
  FROM kept k CROSS JOIN LATERAL unnest(k.lanes) WITH ORDINALITY l (lane, nr)
  WHERE k.state = 'waiting' ORDER BY k.id, l.nr)
SELECT id FROM kept"""


def add(connection: Connection, rows: Sequence[Row]) -> set[int]:
    """Keep messages, and put those that wait into the queue; the numbers of those that are kept.

    One isn't kept whose sender has sent its control id before.
    """
    if any(len(row.lanes) > 1 and row.state == "waiting" for row in rows):
        line_up(connection)
    columns = (
        [r.id for r in rows], [r.copy_of for r in rows], [r.key for r in rows],
        [r.size for r in rows], [r.is_known for r in rows], [str(r.state) for r in rows],
        [r.sender for r in rows], [r.control for r in rows], [r.event for r in rows],
        [r.version for r in rows], [r.source for r in rows], [r.address for r in rows],
        [r.mode for r in rows], [r.code for r in rows], [" ".join(r.lanes) for r in rows],
        [r.reason for r in rows], [r.digest for r in rows], [r.ack or b"" for r in rows],
        [r.raw for r in rows],
    )  # fmt: skip
    return {row[0] for row in execute(connection, _ADD, (*columns, TOPIC))}


def line_up(connection: Connection) -> None:
    """Be the only one who puts something into several lanes, until the transaction ends.

    Two that come at the same time would wait for each other if either were first in a lane.
    """
    execute(connection, "SELECT pg_advisory_xact_lock(hashtextextended('hl7v2.message', 0))")


def known(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """What has come before, by sender and control id."""
    rows = execute(
        connection,
        "SELECT m.sender, m.control, m.id, m.received, m.digest, m.ack "
        "FROM unnest(%s::text[], %s::text[]) AS n (sender, control) "
        "JOIN hl7v2.message m USING (sender, control) WHERE m.is_known",
        ([k[0] for k in keys], [k[1] for k in keys]),
    )
    return {(row[0], row[1]): Known(row[2], row[3], bytes(row[4]), row[5]) for row in rows}


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """From now on their control ids may come again."""
    execute(
        connection,
        "UPDATE hl7v2.message SET is_known = false WHERE id = ANY(%s::int8[])",
        (array(ids),),
    )


def find(database: Database, id_: int) -> tuple[Head, UUID, bytes] | None:
    """A message, its key, and its sealed text."""
    rows = database.point(
        f"SELECT {HEAD}, m.key, m.raw FROM hl7v2.message m WHERE m.id = %s", (id_,)
    )
    if not rows:
        return None
    return head(rows[0][:-2]), rows[0][-2], bytes(rows[0][-1])


def find_all(database: Database, ids: Sequence[int]) -> list[tuple[Head, UUID, bytes]]:
    """Messages with their keys and sealed texts, in no order."""
    rows = database.point(
        f"SELECT {HEAD}, m.key, m.raw FROM hl7v2.message m WHERE m.id = ANY(%s::int8[])",
        (array(ids),),
    )
    return [(head(row[:-2]), row[-2], bytes(row[-1])) for row in rows]


def answers(database: Database, id_: int) -> tuple[bytes | None, bytes | None]:
    """What was answered at once, and the application acknowledgement."""
    rows = database.read("SELECT ack, answer FROM hl7v2.message WHERE id = %s", (id_,))
    return (rows[0][0], rows[0][1]) if rows else (None, None)


def head(row: Sequence[Any]) -> Head:
    """A row of the columns HEAD."""
    *values, lanes, reason, is_owed, report = row
    read = None if report is None else json.kept(report)
    values += [tuple(lanes), reason, is_owed, read]
    return Head(*values)


def end(
    database: Database,
    id_: int,
    state: State,
    *,
    reason: str | None = None,
    report: Mapping[str, Any] | None = None,
    answer: bytes | None = None,
) -> bool:
    """Bring a message to its end; False when it has ended before.

    `answer` is the application acknowledgement that is owed from then on. Whoever finds it in the
    queue takes it out.
    """
    rows = database.write(
        "UPDATE hl7v2.message SET state = %s, ended = clock_timestamp(), reason = %s, "
        "report = coalesce(%s::jsonb, report), answer = %s, is_owed = %s "
        "WHERE id = %s AND state IN ('waiting', 'written') RETURNING 1",
        (
            state,
            reason,
            None if report is None else json.dump(dict(report)).decode(),
            answer,
            answer is not None,
            id_,
        ),
    )
    return bool(rows)


@dataclass(frozen=True, slots=True)
class Done:
    """A message that is dealt with: what its conversion left over, and what is owed then."""

    id: int
    report: Mapping[str, Any] | None = None
    answer: bytes | None = None


def end_all(database: Database, done: Sequence[Done]) -> int:
    """The same for messages that are done; how many hadn't ended before."""
    rows = database.write(
        "UPDATE hl7v2.message m SET state = 'done', ended = clock_timestamp(), reason = NULL, "
        "report = coalesce(nullif(d.report, '')::jsonb, m.report), answer = nullif(d.answer, ''), "
        "is_owed = d.answer <> '' "
        "FROM unnest(%s::int8[], %b::text[], %b::bytea[]) AS d (id, report, answer) "
        "WHERE m.id = d.id AND m.state IN ('waiting', 'written') RETURNING 1",
        (
            array(d.id for d in done),
            ["" if d.report is None else json.dump(dict(d.report)).decode() for d in done],
            [d.answer or b"" for d in done],
        ),
    )
    return len(rows)


def written(database: Database, id_: int) -> bool:
    """What it says is written, and something is still to be done; False when it has ended."""
    rows = database.write(
        "UPDATE hl7v2.message SET state = 'written' WHERE id = %s AND state = 'waiting' "
        "RETURNING 1",
        (id_,),
    )
    return bool(rows)


def is_first(database: Database, id_: int, lanes: Sequence[str]) -> bool:
    """Whether nothing is before a message in any of its lanes."""
    rows = database.point(
        "SELECT bool_and(h.first IS NULL OR h.first = to_jsonb(%s::int8)) FROM "
        "unnest(%s::text[]) AS l (lane) CROSS JOIN LATERAL (SELECT (SELECT i.content->'message' "
        "FROM queue.item i WHERE i.topic = %s AND i.lane = l.lane AND i.dead IS NULL "
        "ORDER BY i.id LIMIT 1) AS first) h",
        (id_, list(lanes), TOPIC),
    )
    return bool(rows[0][0])


def again(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Put messages that have ended back into the queue, in the order in which they came."""
    line_up(connection)
    rows = execute(
        connection,
        "WITH back AS (UPDATE hl7v2.message SET state = 'waiting', ended = NULL, reason = NULL "
        "WHERE id = ANY(%s::int8[]) AND state IN ('done', 'dead', 'discarded') AND lanes <> '{}' "
        "RETURNING id, lanes), queued AS (INSERT INTO queue.item (topic, lane, content) "
        "SELECT %s, l.lane, jsonb_build_object('message', b.id, 'nr', l.nr, 'of', "
        "cardinality(b.lanes)) FROM back b CROSS JOIN LATERAL unnest(b.lanes) WITH ORDINALITY "
        "l (lane, nr) ORDER BY b.id, l.nr) SELECT id FROM back ORDER BY id",
        (array(ids), TOPIC),
    )
    return [row[0] for row in rows]


def discard(database: Database, id_: int, reason: str) -> bool:
    """Deal with a message no more; False when it isn't waiting, and isn't dead."""
    rows = database.write(
        "UPDATE hl7v2.message SET state = 'discarded', ended = clock_timestamp(), reason = %s "
        "WHERE id = %s AND state IN ('waiting', 'dead') RETURNING 1",
        (reason, id_),
    )
    return bool(rows)


def owed(database: Database, sender: str, *, limit: int) -> list[tuple[int, bytes]]:
    """Application acknowledgements that a sender hasn't been sent, the oldest first."""
    rows = database.read(
        "SELECT id, answer FROM hl7v2.message WHERE is_owed AND sender = %s AND answer IS NOT NULL "
        "ORDER BY id LIMIT %s",
        (sender, limit),
    )
    return [(row[0], bytes(row[1])) for row in rows]


def claim(database: Database, sender: str) -> bool:
    """Let nobody else send what a sender is owed, until `let_go` or the end of this session.

    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    rows = database.read("SELECT pg_try_advisory_lock(%s::int8)", (_claim_of(sender),))
    return bool(rows[0][0])


def let_go(database: Database, sender: str) -> None:
    """Let others send what a sender is owed."""
    database.read("SELECT pg_advisory_unlock(%s::int8)", (_claim_of(sender),))


def _claim_of(sender: str) -> int:
    return digest(f"acknowledgements owed to {sender}")


def paid(database: Database, ids: Sequence[int]) -> list[int]:
    """They are about to be sent by the caller: those that nobody else sends."""
    rows = database.write(
        "UPDATE hl7v2.message SET is_owed = false WHERE id = ANY(%s::int8[]) AND is_owed "
        "RETURNING id",
        (array(ids),),
    )
    return [row[0] for row in rows]


def partners(database: Database, connection_type: str) -> list[dict[str, Any]]:
    """The current Endpoints of a type of connection, by id."""
    rows = database.read(
        f"SELECT {COLUMNS} FROM {table('resource', 'Endpoint')} r WHERE NOT r.deleted "
        "AND r.content->'connectionType'->>'code' = %s ORDER BY r.id",
        (connection_type,),
    )
    found = (version_of("Endpoint", row).content for row in rows)
    return [json.kept(content) for content in found if content is not None]
