"""Removing the oldest part of the chain: events, their index rows and their seals together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fhirserver.storage.audit_seals import Signed
from fhirserver.storage.database import Connection, execute


@dataclass(frozen=True, slots=True)
class Range:
    """A part of the chain from its beginning: its numbers, its last link, and its times."""

    first: int
    last: int
    mac: bytes
    since: datetime
    until: datetime


def oldest(connection: Connection, before: datetime, limit: int) -> Range | None:
    """The longest part from the beginning that was stored before a time, up to a limit of links."""
    rows = execute(
        connection,
        """
WITH oldest AS (SELECT * FROM audit.seal ORDER BY seq LIMIT %(limit)s),
kept AS (SELECT min(seq) AS seq FROM oldest WHERE recorded >= %(before)s),
gone AS (SELECT o.* FROM oldest o, kept WHERE kept.seq IS NULL OR o.seq < kept.seq)
SELECT min(seq), max(seq), (SELECT mac FROM gone ORDER BY seq DESC LIMIT 1), min(recorded),
       max(recorded) FROM gone""",
        {"limit": limit, "before": before},
    )
    first, last, mac, since, until = rows[0]
    return None if first is None else Range(first, last, bytes(mac), since, until)


def remove(connection: Connection, up_to: int, tombstone: Signed) -> int:
    """Remove the links up to a number with their events, and say so; how many events there were."""
    rows = execute(
        connection,
        """
WITH gone AS (DELETE FROM audit.seal WHERE seq <= %(up_to)s RETURNING key),
dates AS (DELETE FROM ix_date."AuditEvent" d USING gone WHERE d.key = gone.key),
strings AS (DELETE FROM ix_string."AuditEvent" s USING gone WHERE s.key = gone.key),
more AS (DELETE FROM audit.more m USING gone WHERE m.key = gone.key),
checkpoints AS (DELETE FROM audit.checkpoint WHERE seq <= %(up_to)s),
logged AS (DELETE FROM fhir.change c USING gone WHERE c.type = 'AuditEvent' AND c.key = gone.key),
events AS (DELETE FROM resource."AuditEvent" r USING gone WHERE r.key = gone.key RETURNING r.key)
SELECT count(*) FROM events""",
        {"up_to": up_to},
    )
    execute(
        connection,
        "INSERT INTO audit.tombstone (last, mac, made, statement, signature) "
        "VALUES (%s, %s, %s, %s, %s)",
        (tombstone.seq, tombstone.mac, tombstone.made, tombstone.statement, tombstone.signature),
    )
    return int(rows[0][0])
