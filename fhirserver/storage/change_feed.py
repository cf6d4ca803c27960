"""The change log as a feed: every reader gets each change once, however late it was committed.

A transaction may commit after one that wrote later, so neither the time nor the number of a change
says whether all before it are there. What does is `pg_snapshot_xmin`: no transaction before it is
under way any more. A reader therefore goes from one such bound to the next, and between two of
them by the number of the change: a version always has a higher one than the version before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fhirserver.storage.database import Connection, Database, Rows, execute


@dataclass(frozen=True, slots=True)
class Change:
    """A version that was written; `method` is C (create), U (update) or D (delete)."""

    seq: int
    type: str
    key: int
    version: int
    method: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class Behind:
    """How many changes a reader has before it, and when the oldest was written."""

    name: str
    changes: int
    since: datetime | None


def begin(database: Database, name: str, *, from_the_start: bool = False) -> None:
    """Make a reader known that gets what is committed from now on, or everything.

    A reader that is known stays where it is.
    """
    bound = "'0'::xid8" if from_the_start else "pg_snapshot_xmin(pg_current_snapshot())"
    database.write(
        "INSERT INTO queue.reader (name, low, high, seq, last) "
        f"SELECT %s, b, b, 0, 0 FROM (SELECT {bound} AS b) n ON CONFLICT DO NOTHING",
        (name,),
    )


def forget(database: Database, name: str) -> None:
    """There is no such reader any more."""
    database.write("DELETE FROM queue.reader WHERE name = %s", (name,))


def following(connection: Connection, name: str, limit: int) -> list[Change] | None:
    """The next changes for a reader, which has read them when the transaction is committed.

    None while another transaction reads for it, and when it isn't known. What is made of the
    changes in the same transaction is made exactly once.
    """
    places = execute(
        connection,
        "SELECT low::text, high::text, seq FROM queue.reader WHERE name = %s "
        "FOR UPDATE SKIP LOCKED",
        (name,),
    )
    if not places:
        return None
    low, high, seq = places[0]
    rows = _between(connection, low, high, seq, limit)
    if len(rows) < limit:
        low, seq = high, 0
        high = execute(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text")[0][0]
        more = _between(connection, low, high, seq, limit - len(rows))
        if len(rows) + len(more) < limit:
            low = high
        else:
            seq = more[-1][0]
        rows += more
    else:
        seq = rows[-1][0]
    if (low, high, seq) != places[0]:
        execute(
            connection,
            "UPDATE queue.reader SET low = %s::xid8, high = %s::xid8, seq = %s, "
            "last = greatest(last, %s) WHERE name = %s",
            (low, high, seq, max((row[0] for row in rows), default=0), name),
        )
    return [Change(*row) for row in rows]


def _between(connection: Connection, low: str, high: str, seq: int, limit: int) -> Rows:
    if low == high or not limit:
        return []
    return execute(
        connection,
        "SELECT seq, type, key, version, method::text, updated FROM fhir.change "
        "WHERE tx >= %s::xid8 AND tx < %s::xid8 AND seq > %s ORDER BY seq LIMIT %s",
        (low, high, seq, limit),
    )


def behind(database: Database, *, most: int = 100_000) -> Sequence[Behind]:
    """How far each reader is behind; more than `most` changes aren't counted."""
    rows = database.read(
        """
SELECT r.name, c.n, c.since FROM queue.reader r CROSS JOIN LATERAL (
  SELECT count(*) AS n, min(updated) AS since FROM (
    SELECT updated FROM fhir.change
    WHERE tx >= r.low AND (tx >= r.high OR seq > r.seq) LIMIT %s) w) c
ORDER BY r.name""",
        (most,),
    )
    return [Behind(*row) for row in rows]
