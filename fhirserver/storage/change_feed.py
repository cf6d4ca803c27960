"""The change log as a feed: every reader gets each change once, however late it was committed.

A transaction may commit after one that wrote later, so neither the time nor the number of a change
says whether all before it are there. What does is `pg_snapshot_xmin`: no transaction before it is
under way any more. A reader therefore goes from one such bound to the next, and between two of
them by the number of the change: a version always has a higher one than the version before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct

from fhirserver.storage.database import Connection, Database, Rows, execute


# Structs, which take no time to make: each change comes once to each reader.
class Change(Struct, frozen=True):
    """A version that was written; `method` is C (create), U (update) or D (delete).

    `bulk`: it came with a bulk load.
    """

    seq: int
    type: str
    key: int
    version: int
    method: str
    updated: datetime
    bulk: bool = False


class Place(Struct, frozen=True):
    """A place in the change log: before it are the transactions before `low`, and of those in
    [low, high) the changes up to `seq`."""

    low: str
    high: str
    seq: int


@dataclass(frozen=True, slots=True)
class Behind:
    """How many changes a reader has before it, and when the oldest was written."""

    name: str
    changes: int
    since: datetime | None


def begin(target: Connection | Database, name: str, *, from_the_start: bool = False) -> None:
    """Make a reader known that gets what is committed from now on, or everything.

    A reader that is known stays where it is.
    """
    bound = "'0'::xid8" if from_the_start else "pg_snapshot_xmin(pg_current_snapshot())"
    sql = (
        "INSERT INTO queue.reader (name, low, high, seq, last) "
        f"SELECT %s, b, b, 0, 0 FROM (SELECT {bound} AS b) n ON CONFLICT DO NOTHING"
    )
    if isinstance(target, Database):
        target.write(sql, (name,))
    else:
        execute(target, sql, (name,))


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
    place = Place(*places[0])
    found, now = _step(partial(execute, connection), place, limit)
    if now != place:
        execute(
            connection,
            "UPDATE queue.reader SET low = %s::xid8, high = %s::xid8, seq = %s, "
            "last = greatest(last, %s) WHERE name = %s",
            (now.low, now.high, now.seq, max((c.seq for _, c in found), default=0), name),
        )
    return [change for _, change in found]


def here(database: Database) -> Place:
    """The place that has before it what is committed from now on."""
    low = database.read("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")[0][0]
    return Place(low, low, 0)


def beyond(
    database: Database, place: Place, limit: int
) -> tuple[list[tuple[Place, Change]], Place]:
    """The next changes after a place, each with the place behind it, and the place to go on from.

    For who keeps the place in memory.
    """
    return _step(database.read, place, limit)


def _step(
    run: Callable[[str, Sequence[Any]], Rows], place: Place, limit: int
) -> tuple[list[tuple[Place, Change]], Place]:
    found = _between(run, place, limit)
    if len(found) == limit:
        return found, found[-1][0]
    high = run("SELECT pg_snapshot_xmin(pg_current_snapshot())::text", ())[0][0]
    place = Place(place.high, high, 0)
    more = _between(run, place, limit - len(found))
    if len(found) + len(more) < limit:
        return found + more, Place(high, high, 0)
    return found + more, more[-1][0]


def _between(
    run: Callable[[str, Sequence[Any]], Rows], place: Place, limit: int
) -> list[tuple[Place, Change]]:
    if place.low == place.high or not limit:
        return []
    rows = run(
        "SELECT seq, type, key, version, method::text, updated, bulk FROM fhir.change "
        "WHERE tx >= %s::xid8 AND tx < %s::xid8 AND seq > %s ORDER BY seq LIMIT %s",
        (place.low, place.high, place.seq, limit),
    )
    return [(Place(place.low, place.high, row[0]), Change(*row)) for row in rows]


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
