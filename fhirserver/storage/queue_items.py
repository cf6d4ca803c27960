"""What is to be done, in PostgreSQL: leased to one worker at a time, in order within its lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fhirserver.model import json
from fhirserver.storage.database import Connection, Database, Rows, execute
from fhirserver.storage.versions import array


@dataclass(frozen=True, slots=True)
class New:
    """Something to be done: `content` is the topic's own; `due` now, unless it is given.

    What comes of a `bulk` load is done when nothing else is left to do.
    """

    lane: str
    content: dict[str, Any]
    due: datetime | None = None
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """Something that a worker has taken on; `attempts` counts this one."""

    id: int
    topic: str
    lane: str
    content: dict[str, Any]
    made: datetime
    attempts: int
    lease: str = ""


@dataclass(frozen=True, slots=True)
class Dead:
    """Something that was given up."""

    id: int
    topic: str
    lane: str
    dead: datetime
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a topic stands; `since` is when the oldest item that is due became so.

    `reason` is why the last one that is dead was given up.
    """

    topic: str
    waiting: int
    dead: int
    since: datetime | None
    reason: str = ""


def add(target: Connection | Database, topic: str, items: Sequence[New]) -> None:
    """Put items at the end of their lanes, in the given order."""
    if not items:
        return
    sql = (
        "INSERT INTO queue.item (topic, lane, content, due, bulk) "
        "SELECT %s, lane, content::jsonb, coalesce(due, now()), bulk "
        "FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::boolean[]) WITH ORDINALITY "
        "AS n (lane, content, due, bulk, nr) ORDER BY nr"
    )
    values = (
        topic,
        [i.lane for i in items],
        [json.dump(i.content).decode() for i in items],
        [i.due for i in items],
        [i.bulk for i in items],
    )
    if isinstance(target, Database):
        target.write(sql, values)
    else:
        execute(target, sql, values)


def due(database: Database, topics: Sequence[str]) -> list[str]:
    """Which of these topics may have something that is due and that nobody has."""
    rows = database.read(
        "SELECT t FROM unnest(%s::text[]) AS t CROSS JOIN LATERAL (SELECT FROM queue.item i "
        "WHERE i.topic = t AND i.dead IS NULL AND i.due > '-infinity' AND i.due <= now() "
        "AND (i.leased_until IS NULL OR i.leased_until < now()) ORDER BY i.due LIMIT 1) i",
        (list(topics),),
    )
    return [row[0] for row in rows]


_HEADS: Final = """
{name} AS (
  (SELECT lane FROM queue.item WHERE topic = %(topic)s AND dead IS NULL AND {which}
   AND lane > %({after})s ORDER BY lane, id LIMIT 1)
  UNION ALL
  SELECT n.lane FROM {name} h CROSS JOIN LATERAL (
    SELECT i.lane FROM queue.item i WHERE i.topic = %(topic)s AND i.dead IS NULL AND i.{which}
    AND i.lane > h.lane ORDER BY i.lane, i.id LIMIT 1) n)"""

_NAMED: Final = """
named AS (
  SELECT unnest(%(only)s::text[]) COLLATE "C" AS lane)"""
# What comes of bulk loads is for when there is too little else.
_ALL: Final = """
    SELECT lane FROM live_rest
    UNION ALL SELECT lane FROM live_beginning WHERE lane <= %(after)s
    UNION ALL SELECT lane FROM bulk_rest
    UNION ALL SELECT lane FROM bulk_beginning WHERE lane <= %(after)s"""

# The walks go only as far as it takes to find enough free lanes. What is before something in its
# lane is done before it, wherever it comes from.
_TAKE: Final = """
WITH RECURSIVE {heads},
free AS MATERIALIZED (
  SELECT i.id, i.lane FROM ({walk}) found
  CROSS JOIN LATERAL (
    SELECT id FROM queue.item WHERE topic = %(topic)s AND lane = found.lane AND dead IS NULL
    ORDER BY id LIMIT 1) head
  CROSS JOIN LATERAL (
    SELECT id, lane FROM queue.item WHERE id = head.id AND due <= now() AND dead IS NULL
    AND lane <> ALL(%(without)s::text[])
    AND (leased_until IS NULL OR leased_until < now()) FOR UPDATE SKIP LOCKED) i
  LIMIT %(lanes)s),
run AS (
  SELECT n.id, n.id = f.id AS is_first FROM free f CROSS JOIN LATERAL (
    SELECT i.id FROM queue.item i WHERE i.topic = %(topic)s AND i.dead IS NULL
    AND i.lane = f.lane AND i.id >= f.id AND i.due <= now() ORDER BY i.id LIMIT %(most)s) n)
UPDATE queue.item i SET lease = %(lease)s::uuid, leased_until = now() + %(seconds)s,
  attempts = i.attempts + CASE WHEN run.is_first THEN 1 ELSE 0 END
FROM run WHERE i.id = run.id
RETURNING i.id, i.bulk, i.lane, i.content::text, i.made,
  i.attempts + CASE WHEN run.is_first THEN 0 ELSE 1 END"""
_TAKE_ANY: Final = _TAKE.format(
    heads=",".join(
        _HEADS.format(name=f"{kind}_{part}", after=after, which=which)
        for kind, which in (("live", "bulk = false"), ("bulk", "bulk = true"))
        for part, after in (("rest", "after"), ("beginning", "nothing"))
    ),
    walk=_ALL,
)
_TAKE_NAMED: Final = _TAKE.format(
    heads=_NAMED, walk="SELECT lane FROM named ORDER BY lane <= %(after)s, lane"
)


def take(
    database: Database,
    topic: str,
    lease: str,
    *,
    lanes: int,
    most: int,
    seconds: float,
    after: str = "",
    only: Sequence[str] | None = None,
    without: Sequence[str] = (),
) -> list[list[Item]]:
    """Take on the first items of some lanes, at most so many of each, for so long.

    A lane is free when its first item is due and nobody has it. Of a lane only the first counts as
    an attempt until the others have their turn. The lanes `after` one come first, so that who goes
    on from the last one comes round to all of them, however many there are. `only` and `without`
    say which lanes are meant. Lanes that have only what comes of a bulk load are taken when there
    are too few others, and come last.
    """
    rows = database.write(
        _TAKE_ANY if only is None else _TAKE_NAMED,
        {
            "topic": topic,
            "lease": lease,
            "lanes": lanes,
            "most": most,
            "seconds": timedelta(seconds=seconds),
            "after": after,
            "nothing": "",
            "only": list(only or ()),
            "without": list(without),
        },
    )
    found: dict[str, list[Item]] = {}
    for row in sorted(rows):
        content = json.kept(row[3])
        id_, _, lane, _, made, attempts = row
        item = Item(id_, topic, lane, content, made, attempts, lease)
        found.setdefault(lane, []).append(item)
    live = {row[2] for row in rows if not row[1]}
    return sorted(found.values(), key=lambda run: run[0].lane not in live)


def finish(target: Connection | Database, lease: str, ids: Sequence[int]) -> int:
    """Take items off that are done; how many were still the holder's."""
    sql = "DELETE FROM queue.item WHERE id = ANY(%s::int8[]) AND lease = %s::uuid RETURNING id"
    return len(_write(target, sql, (array(ids), lease)))


def put_back(database: Database, lease: str, item: Item, *, seconds: float, reason: str) -> bool:
    """Let an item be tried again, so much later; those behind it wait. Whether it was ours."""
    rows = database.write(
        "UPDATE queue.item SET lease = NULL, leased_until = NULL, due = now() + %s, reason = %s, "
        "attempts = %s WHERE id = %s AND lease = %s::uuid RETURNING id",
        (timedelta(seconds=seconds), reason, item.attempts, item.id, lease),
    )
    release(database, item.topic, lease, {item.lane: 0})
    return bool(rows)


def bury(database: Database, lease: str, item: Item, *, reason: str) -> bool:
    """Give an item up; the one behind it is next. Whether it was the holder's."""
    rows = database.write(
        "UPDATE queue.item SET lease = NULL, leased_until = NULL, dead = now(), reason = %s, "
        "attempts = %s WHERE id = %s AND lease = %s::uuid RETURNING id",
        (reason, item.attempts, item.id, lease),
    )
    return bool(rows)


def release(database: Database, topic: str, lease: str, lanes: Mapping[str, int]) -> None:
    """Give the items of lanes back; for the one that is named of each, that was no attempt."""
    if lanes:
        database.write(
            "UPDATE queue.item SET lease = NULL, leased_until = NULL, "
            "attempts = attempts - CASE WHEN id = ANY(%s::int8[]) THEN 1 ELSE 0 END "
            "WHERE topic = %s AND lane = ANY(%s::text[]) AND lease = %s::uuid AND dead IS NULL",
            (array(id_ for id_ in lanes.values() if id_), topic, list(lanes), lease),
        )


def revive(database: Database, *, topic: str | None = None, ids: Sequence[int] = ()) -> int:
    """Let dead items be tried again from the beginning: all of a topic, or some."""
    return len(
        database.write(
            "UPDATE queue.item SET dead = NULL, reason = NULL, attempts = 0, due = now() "
            "WHERE dead IS NOT NULL AND (topic = %s OR id = ANY(%s::int8[])) RETURNING id",
            (topic, array(ids)),
        )
    )


def dead(database: Database, *, topic: str | None = None, limit: int = 100) -> list[Dead]:
    """What was given up, the latest first."""
    rows = database.read(
        "SELECT id, topic, lane, dead, attempts, coalesce(reason, '') FROM queue.item "
        "WHERE dead IS NOT NULL AND (%s::text IS NULL OR topic = %s) ORDER BY dead DESC LIMIT %s",
        (topic, topic, limit),
    )
    return [Dead(*row) for row in rows]


def standing(database: Database) -> list[Standing]:
    """How each topic stands that has items."""
    rows = database.read(
        "SELECT topic, count(*) FILTER (WHERE dead IS NULL), count(*) FILTER (WHERE dead IS NOT "
        "NULL), min(due) FILTER (WHERE dead IS NULL AND due <= now()), "
        "coalesce((max(ARRAY[to_char(dead, 'YYYYMMDDHH24MISSUS'), reason]) FILTER (WHERE dead IS "
        "NOT NULL))[2], '') FROM queue.item "
        "GROUP BY topic ORDER BY topic"
    )
    return [Standing(*row) for row in rows]


def _write(target: Connection | Database, sql: str, values: Sequence[Any]) -> Rows:
    if isinstance(target, Database):
        return target.write(sql, values)
    return execute(target, sql, values)
