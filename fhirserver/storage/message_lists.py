"""HL7 v2 messages to look at: lists of them, and how their senders and lanes stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhirserver.storage.database import Database
from fhirserver.storage.messages import HEAD, TOPIC, Head, head


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; what is None doesn't matter. `lanes`: about one of these patients.

    `before` and `after` are numbers of the record; `since` and `until` when they came.
    """

    sender: str | None = None
    states: Sequence[str] | None = None
    event: str | None = None
    control: str | None = None
    lanes: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class SenderStanding:
    """How the messages of a sender stand. `oldest` is when the one came that waits longest.

    `reason` is why the last one died that is dead, `failed` when; `held_up` are patients whose
    first message has failed and is tried again, `last_hour` how many messages came within an hour.
    """

    sender: str
    waiting: int
    dead: int
    oldest: datetime | None
    last: datetime | None
    reason: str | None
    failed: datetime | None
    held_up: int
    last_hour: int


@dataclass(frozen=True, slots=True)
class LaneStanding:
    """A lane with messages that wait: how many, since when, and why the first isn't done."""

    lane: str
    sender: str
    depth: int
    oldest: datetime
    first: int
    attempts: int
    reason: str | None
    due: datetime


_WHERE: Final = (
    "(%(sender)s::text IS NULL OR m.sender = %(sender)s) "
    "AND (%(states)s::text[] IS NULL OR m.state = ANY(%(states)s::text[])) "
    "AND (%(event)s::text IS NULL OR m.event = %(event)s OR m.event LIKE %(event)s || '^%%') "
    "AND (%(control)s::text IS NULL OR m.control = %(control)s) "
    "AND (%(lanes)s::text[] IS NULL OR m.lanes && %(lanes)s::text[]) "
    "AND (%(since)s::timestamptz IS NULL OR m.received >= %(since)s::timestamptz) "
    "AND (%(until)s::timestamptz IS NULL OR m.received < %(until)s::timestamptz) "
    "AND (%(after)s::int8 IS NULL OR m.id >= %(after)s::int8) "
    "AND (%(before)s::int8 IS NULL OR m.id <= %(before)s::int8)"
)


def messages(
    database: Database, wanted: Wanted, *, limit: int, oldest_first: bool = False
) -> list[Head]:
    """The newest of them, or the oldest, at most so many."""
    order = "m.id" if oldest_first else "m.id DESC"
    rows = database.read(
        f"SELECT {HEAD} FROM hl7v2.message m WHERE {_WHERE} ORDER BY {order} LIMIT %(limit)s",
        {**_values(wanted), "limit": limit},
        prepare=False,
    )
    return [head(row) for row in rows]


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "sender": wanted.sender,
        "states": None if wanted.states is None else list(wanted.states),
        "event": wanted.event,
        "control": wanted.control,
        "lanes": None if wanted.lanes is None else list(wanted.lanes),
        "since": wanted.since,
        "until": wanted.until,
        "after": wanted.after,
        "before": wanted.before,
    }


def senders(database: Database) -> list[SenderStanding]:
    """Every sender that a message is kept of, by what is open and what came last.

    Numbers rise with time, so the first one of the last hour is found by halving, and what came
    since then is counted in the index of senders.
    """
    rows = database.read(
        "WITH RECURSIVE bounds (low, high) AS (SELECT coalesce(min(id), 0), "
        "coalesce(max(id), -1) + 1 FROM hl7v2.message UNION ALL "
        "SELECT CASE WHEN p.received >= now() - interval '1 hour' THEN b.low ELSE p.id + 1 END, "
        "CASE WHEN p.received >= now() - interval '1 hour' THEN b.low + (b.high - b.low) / 2 "
        "ELSE b.high END FROM bounds b CROSS JOIN LATERAL (SELECT id, received "
        "FROM hl7v2.message m WHERE m.id >= b.low + (b.high - b.low) / 2 ORDER BY id LIMIT 1) p "
        "WHERE b.low < b.high), recent AS (SELECT max(low) AS first FROM bounds), "
        "known AS ((SELECT sender FROM hl7v2.message ORDER BY sender LIMIT 1) "
        "UNION ALL SELECT (SELECT m.sender FROM hl7v2.message m WHERE m.sender > k.sender "
        "ORDER BY m.sender LIMIT 1) FROM known k WHERE k.sender IS NOT NULL) "
        "SELECT k.sender, o.waiting, o.dead, o.oldest, l.received, d.reason, d.ended, "
        "coalesce(h.lanes, 0), r.count FROM known k "
        "CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state <> 'dead') AS waiting, "
        "count(*) FILTER (WHERE state = 'dead') AS dead, "
        "min(received) FILTER (WHERE state <> 'dead') AS oldest FROM hl7v2.message m "
        "WHERE m.sender = k.sender AND m.state IN ('waiting', 'written', 'dead')) o "
        "LEFT JOIN LATERAL (SELECT received FROM hl7v2.message m WHERE m.sender = k.sender "
        "ORDER BY id DESC LIMIT 1) l ON true "
        "LEFT JOIN LATERAL (SELECT reason, ended FROM hl7v2.message m WHERE m.sender = k.sender "
        "AND m.state = 'dead' ORDER BY id DESC LIMIT 1) d ON true "
        "CROSS JOIN LATERAL (SELECT count(*) FROM hl7v2.message m WHERE m.sender = k.sender "
        "AND m.id >= (SELECT first FROM recent)) r "
        "LEFT JOIN (SELECT m.sender, count(DISTINCT i.lane) AS lanes FROM queue.item i "
        "JOIN hl7v2.message m ON m.id = (i.content->>'message')::int8 WHERE i.topic = %s "
        "AND i.dead IS NULL AND i.attempts > 0 AND i.reason IS NOT NULL GROUP BY m.sender) h "
        "ON h.sender = k.sender "
        "WHERE k.sender IS NOT NULL ORDER BY k.sender",
        (TOPIC,),
    )
    return [SenderStanding(*row) for row in rows]


def lanes(database: Database, *, limit: int, about: int | None = None) -> list[LaneStanding]:
    """The lanes that have waited longest: all, or those in which this message waits."""
    rows = database.read(
        "SELECT l.lane, coalesce(m.sender, ''), l.depth, l.oldest, "
        "(f.content->>'message')::int8, f.attempts, f.reason, f.due "
        "FROM (SELECT lane, count(*) AS depth, min(made) AS oldest, min(id) AS first "
        "FROM queue.item WHERE topic = %(topic)s AND dead IS NULL AND (%(about)s::int8 IS NULL "
        "OR lane = ANY((SELECT lanes FROM hl7v2.message WHERE id = %(about)s::int8)::text[])) "
        "GROUP BY lane ORDER BY oldest LIMIT %(limit)s) l JOIN queue.item f ON f.id = l.first "
        "LEFT JOIN hl7v2.message m ON m.id = (f.content->>'message')::int8 ORDER BY l.oldest",
        {"topic": TOPIC, "about": about, "limit": limit},
        prepare=False,
    )
    return [LaneStanding(*row) for row in rows]


def newer(database: Database, number: int, about: Sequence[str]) -> int:
    """How many messages about the same patients came later and were dealt with."""
    rows = database.read(
        "SELECT count(*) FROM hl7v2.message WHERE lanes && %s::text[] AND id > %s "
        "AND state = 'done'",
        (list(about), number),
    )
    return int(rows[0][0])
