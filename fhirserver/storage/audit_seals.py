"""The chain of seals: which events have none yet, in the order they were committed; and the links.

An event is sealed when no transaction that began earlier is still under way (pg_snapshot_xmin), so
that one that commits late isn't left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.versions import array

_LOCK: Final = 7_283_910_447

# All that an event says, as one text: no part of it holds the separator itself. What it is found by
# isn't in it: that can be made again, and changes when search parameters are added.
CANONICAL: Final = """concat_ws(chr(31), r.id, r.version, extract(epoch FROM r.updated)::text,
  r.method, r.deleted, coalesce(r.meta::text, '-'), coalesce(r.content::text, '-'),
  coalesce(r.exact, '-'), coalesce(m.refs::text, '-'))"""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain; every event of a transaction before `bound` has its seal."""

    seq: int
    mac: bytes
    bound: str


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An event without a seal: its key, when it was stored, and its canonical text's SHA-256."""

    key: int
    stored: datetime
    digest: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """A link: the HMAC over the link before, the number, and the event's digest."""

    seq: int
    key: int
    stored: datetime
    digest: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A seal as it is found, with its event as it is now: None where that is gone."""

    seal: Seal
    id: str | None
    text: str | None
    content: str | None
    elements: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed statement: of where the chain stood, or of what was removed from its beginning."""

    seq: int
    mac: bytes
    made: datetime
    statement: str
    signature: bytes


def has_turn(connection: Connection) -> bool:
    """Whether this transaction is the only one that works on the chain, until it ends."""
    return bool(execute(connection, "SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))[0][0])


def wait_for_turn(connection: Connection) -> None:
    """Be the only one that works on the chain, until the transaction ends."""
    execute(connection, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def head(target: Connection | Database) -> Head | None:
    """The end of the chain; None before the first seal."""
    rows = _rows(target, "SELECT seq, mac, bound::text FROM audit.head")
    return Head(rows[0][0], bytes(rows[0][1]), rows[0][2]) if rows else None


def unsealed(connection: Connection, bound: str, limit: int) -> tuple[list[Unsealed], str]:
    """The oldest events without a seal in commit order, and the bound once they have theirs."""
    rows = execute(
        connection,
        f"""
SELECT r.key, r.updated, sha256(convert_to({CANONICAL}, 'UTF8')), r.tx::text,
       pg_snapshot_xmin(pg_current_snapshot())::text
FROM (SELECT 1) one LEFT JOIN (
  SELECT * FROM resource."AuditEvent" e
  WHERE e.tx >= %(bound)s::xid8 AND e.tx < pg_snapshot_xmin(pg_current_snapshot())
  AND NOT EXISTS (SELECT FROM audit.seal s WHERE s.key = e.key)
  ORDER BY e.tx, e.key LIMIT %(limit)s) r ON true
LEFT JOIN audit.more m ON m.key = r.key
ORDER BY r.tx, r.key""",
        {"bound": bound, "limit": limit},
    )
    found = [Unsealed(row[0], row[1], bytes(row[2])) for row in rows if row[0] is not None]
    return found, rows[-1][3] if len(found) == limit else rows[0][4]


def append(connection: Connection, seals: Sequence[Seal], end: Head) -> None:
    """Write links and the new end of the chain."""
    if seals:
        execute(
            connection,
            "INSERT INTO audit.seal (seq, key, recorded, digest, mac) "
            "SELECT * FROM unnest(%s::int8[], %s::int8[], %b::timestamptz[], %b::bytea[], "
            "%b::bytea[])",
            (
                array(s.seq for s in seals),
                array(s.key for s in seals),
                [s.stored for s in seals],
                [s.digest for s in seals],
                [s.mac for s in seals],
            ),
        )
    execute(
        connection,
        "INSERT INTO audit.head (seq, mac, bound) VALUES (%s, %s, %s::xid8) ON CONFLICT (one) "
        "DO UPDATE SET seq = excluded.seq, mac = excluded.mac, bound = excluded.bound",
        (end.seq, end.mac, end.bound),
    )


def links(database: Database, after: int, limit: int) -> list[Link]:
    """The links after a number, with their events as they are now."""
    rows = database.read(
        f"SELECT s.seq, s.key, s.recorded, s.digest, s.mac, r.id, {CANONICAL}, "
        "r.content::text, r.elements FROM audit.seal s "
        'LEFT JOIN resource."AuditEvent" r ON r.key = s.key LEFT JOIN audit.more m '
        "ON m.key = s.key WHERE s.seq > %s ORDER BY s.seq LIMIT %s",
        (after, limit),
        prepare=False,
    )
    return [
        Link(
            Seal(row[0], row[1], row[2], bytes(row[3]), bytes(row[4])),
            row[5],
            None if row[5] is None else row[6],
            row[7],
            tuple(row[8] or ()),
        )
        for row in rows
    ]


def without_seal(database: Database, bound: str) -> str | None:
    """The id of an event that should have a seal and has none."""
    rows = database.read(
        'SELECT r.id FROM resource."AuditEvent" r WHERE r.tx < %s::xid8 '
        "AND NOT EXISTS (SELECT FROM audit.seal s WHERE s.key = r.key) "
        "ORDER BY r.tx, r.key LIMIT 1",
        (bound,),
        prepare=False,
    )
    return rows[0][0] if rows else None


def places_of(database: Database, digest: bytes) -> list[int]:
    """The numbers of the links that have this digest."""
    rows = database.read("SELECT seq FROM audit.seal WHERE digest = %s ORDER BY seq", (digest,))
    return [row[0] for row in rows]


def digests_near(database: Database, seq: int, distance: int) -> list[bytes]:
    """The digests of the links around one."""
    rows = database.read(
        "SELECT digest FROM audit.seal WHERE seq BETWEEN %s AND %s ORDER BY abs(seq - %s)",
        (seq - distance, seq + distance, seq),
    )
    return [bytes(row[0]) for row in rows]


def add_checkpoint(connection: Connection, made: Signed) -> None:
    """Keep a signed statement of where the chain stands."""
    execute(
        connection,
        "INSERT INTO audit.checkpoint (seq, made, statement, signature) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        (made.seq, made.made, made.statement, made.signature),
    )


def last_checkpoint(target: Connection | Database) -> Signed | None:
    """The newest signed statement of where the chain stood."""
    rows = _rows(
        target,
        "SELECT seq, ''::bytea, made, statement, signature FROM audit.checkpoint "
        "ORDER BY seq DESC LIMIT 1",
    )
    return _signed(rows[0]) if rows else None


def checkpoints(database: Database, after: int, up_to: int) -> list[Signed]:
    """The signed statements about a part of the chain."""
    rows = database.read(
        "SELECT seq, ''::bytea, made, statement, signature FROM audit.checkpoint "
        "WHERE seq > %s AND seq <= %s ORDER BY seq",
        (after, up_to),
    )
    return [_signed(row) for row in rows]


def last_tombstone(target: Connection | Database) -> Signed | None:
    """What was removed from the beginning of the chain last; `mac` is that of its last link."""
    rows = _rows(
        target,
        "SELECT last, mac, made, statement, signature FROM audit.tombstone "
        "ORDER BY last DESC LIMIT 1",
    )
    return _signed(rows[0]) if rows else None


def _signed(row: Sequence[Any]) -> Signed:
    return Signed(row[0], bytes(row[1]), row[2], row[3], bytes(row[4]))


def _rows(target: Connection | Database, sql: str) -> list[tuple[Any, ...]]:
    return target.read(sql) if isinstance(target, Database) else execute(target, sql)
