"""How receivers of HL7 v2 messages stand: what waits for each, since when, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhirserver.storage.database import Connection, Database, execute


@dataclass(frozen=True, slots=True)
class ReceiverStanding:
    """The lane of a receiver: `queued` are changes that it may have to be told of.

    `oldest` is since when the first of them waits, `attempts` how often that was tried, `reason`
    what was wrong the last time. `stopped` hold it up, `rejected` were left out; `failed` is when
    it last rejected or didn't take one, `last` when it last accepted one.
    """

    receiver: str
    queued: int
    oldest: datetime | None
    attempts: int
    reason: str | None
    stopped: int
    rejected: int
    failed: datetime | None
    last: datetime | None


_STANDING: Final = """
WITH RECURSIVE told AS (
  (SELECT receiver FROM hl7v2.sent ORDER BY receiver LIMIT 1)
  UNION ALL
  SELECT (SELECT s.receiver FROM hl7v2.sent s WHERE s.receiver > t.receiver
    ORDER BY s.receiver LIMIT 1) FROM told t WHERE t.receiver IS NOT NULL),
lane AS (
  SELECT lane, count(*) AS queued, min(made) AS oldest, min(id) AS first FROM queue.item
  WHERE topic = %(topic)s AND dead IS NULL GROUP BY lane),
known AS (
  SELECT receiver FROM told WHERE receiver IS NOT NULL UNION SELECT lane FROM lane)
SELECT k.receiver, coalesce(l.queued, 0), l.oldest, coalesce(i.attempts, 0),
  coalesce(i.reason, o.reason), o.stopped, o.rejected, o.failed, a.ended
FROM known k
LEFT JOIN lane l ON l.lane = k.receiver
LEFT JOIN queue.item i ON i.id = l.first
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE state = 'stopped') AS stopped,
    count(*) FILTER (WHERE state = 'rejected') AS rejected,
    max(tried) FILTER (WHERE reason IS NOT NULL) AS failed,
    (array_agg(reason ORDER BY tried DESC NULLS LAST) FILTER (WHERE reason IS NOT NULL))[1]
      AS reason
  FROM hl7v2.sent WHERE receiver = k.receiver AND state IN ('waiting', 'stopped', 'rejected')) o
LEFT JOIN LATERAL (
  SELECT ended FROM hl7v2.sent WHERE receiver = k.receiver AND state = 'accepted'
  ORDER BY id DESC LIMIT 1) a ON true
ORDER BY k.receiver"""


def receivers(database: Database, topic: str) -> list[ReceiverStanding]:
    """Every receiver that something waits for, or was sent to."""
    rows = database.read(_STANDING, {"topic": topic}, prepare=False)
    return [ReceiverStanding(*row) for row in rows]


def replace(connection: Connection, topic: str, id_: int, copy: int, receiver: str) -> bool | None:
    """Put a copy in the place of a message in the queue, or at its end when it has no place.

    Whether it had one; None, and nothing is done, while it is being sent.
    """
    rows: list[Any] = list(
        execute(
            connection,
            "SELECT i.id, i.leased_until IS NULL OR i.leased_until < now() FROM queue.item i "
            "WHERE i.topic = %s AND i.lane = %s AND i.dead IS NULL AND (i.content->'sent' = "
            "to_jsonb(%s::int8) OR i.id = (SELECT item FROM hl7v2.sent WHERE id = %s)) FOR UPDATE",
            (topic, receiver, id_, id_),
        )
    )
    if any(not row[1] for row in rows):
        return None
    if not rows:
        execute(
            connection,
            "INSERT INTO queue.item (topic, lane, content) "
            "VALUES (%s, %s, jsonb_build_object('sent', %s::int8))",
            (topic, receiver, copy),
        )
        return False
    execute(
        connection,
        "UPDATE queue.item SET content = jsonb_build_object('sent', %s::int8), "
        "due = LEAST(due, clock_timestamp()) WHERE id = %s",
        (copy, rows[0][0]),
    )
    return True
