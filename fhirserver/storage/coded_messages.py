"""HL7 v2 messages by the codes in them that no table translates, and doing them again in order.

A report lists those in `unknownCodes`, and in `answeredCodes` those that somebody has translated,
with what they were taken for; `answers` is the version of the ConceptMap that was used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhirserver.model import json
from fhirserver.search.hashing import reference_self
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.messages import TOPIC, line_up
from fhirserver.storage.schema import table
from fhirserver.storage.versions import array


@dataclass(frozen=True, slots=True)
class Held:
    """How often a code was met: in how many messages, when first and last, and in which last."""

    count: int
    first: datetime | None
    last: datetime | None
    newest: int | None
    positions: tuple[str, ...]


def version_of(database: Database, resource_type: str, id_: str) -> int | None:
    """The number of the current version; None when there is none, or it is a deletion."""
    rows = database.point(
        f"SELECT r.version FROM {table('resource', resource_type)} r "
        "WHERE r.self = %s AND r.id = %s AND NOT r.deleted",
        (reference_self(resource_type, id_), id_),
    )
    return int(rows[0][0]) if rows else None


def ever(database: Database, resource_type: str, ids: Sequence[str]) -> set[str]:
    """Which of these ids there are, or were until they were deleted."""
    rows = database.read(
        f"SELECT r.id FROM {table('resource', resource_type)} r "
        "WHERE r.self = ANY(%s::int8[]) AND r.id = ANY(%s::text[])",
        (array([reference_self(resource_type, i) for i in ids]), list(ids)),
    )
    return {row[0] for row in rows}


def held(database: Database, sender: str, vocabulary: str, code: str) -> Held:
    """The messages of a sender that are done and have a code that nobody knew then."""
    rows = database.read(
        "SELECT count(*), min(m.received), max(m.received), max(m.id), (SELECT "
        "array_agg(DISTINCT c->>'position') FROM (SELECT report FROM hl7v2.message n "
        "WHERE n.sender = %(sender)s AND n.state = 'done' AND n.report ? 'unknownCodes' "
        "AND n.report->'unknownCodes' @> %(code)s::jsonb ORDER BY n.id DESC LIMIT 100) n, "
        "jsonb_array_elements(n.report->'unknownCodes') c WHERE c @> (%(code)s::jsonb->0)) "
        "FROM hl7v2.message m WHERE m.sender = %(sender)s AND m.state = 'done' "
        "AND m.report ? 'unknownCodes' AND m.report->'unknownCodes' @> %(code)s::jsonb",
        {"sender": sender, "code": _one(vocabulary, code)},
        prepare=False,
    )
    count, first, last, newest, positions = rows[0]
    return Held(count, first, last, newest, tuple(positions or ()))


_STALE: Final = """
WITH answer AS (
  SELECT jsonb_build_array(jsonb_build_object('vocabulary', v, 'code', c)) AS code,
    jsonb_build_array(jsonb_build_object('vocabulary', v, 'code', c, 'target', t)) AS taken
  FROM unnest(%(vocabularies)s::text[], %(codes)s::text[], %(targets)s::text[]) AS n (v, c, t))
SELECT m.id FROM answer a JOIN hl7v2.message m ON m.report ? 'unknownCodes'
  AND m.report->'unknownCodes' @> a.code
WHERE m.sender = %(sender)s AND m.state = 'done'
  AND coalesce((m.report->>'answers')::int4, 0) < %(version)s
UNION
SELECT m.id FROM answer a JOIN hl7v2.message m ON m.report ? 'answeredCodes'
  AND m.report->'answeredCodes' @> a.code
WHERE m.sender = %(sender)s AND m.state = 'done' AND NOT m.report->'answeredCodes' @> a.taken
  AND coalesce((m.report->>'answers')::int4, 0) < %(version)s
ORDER BY 1"""


def stale(
    database: Database, sender: str, answers: Mapping[tuple[str, str], str], version: int
) -> list[int]:
    """The messages that were done before an answer that they need, or with another one.

    `answers` say by vocabulary and code what it is taken for, as `version` of the ConceptMap does.
    """
    rows = database.read(
        _STALE,
        {
            "vocabularies": [k[0] for k in answers],
            "codes": [k[1] for k in answers],
            "targets": list(answers.values()),
            "sender": sender,
            "version": version,
        },
        prepare=False,
    )
    return [row[0] for row in rows]


def redo(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Do messages again, and after them all later ones about the same patients; which ones.

    What waits is taken out of the queue and put behind them, so that the last word stays the last.
    A worker that is at one of them finds its place in the queue gone, and keeps nothing.
    """
    line_up(connection)
    found, lanes = _following(connection, ids)
    if not found:
        return []
    # A worker locks a message and then its place in the queue; so does this.
    execute(
        connection,
        "SELECT 1 FROM hl7v2.message WHERE id = ANY(%s::int8[]) ORDER BY id FOR UPDATE",
        (array(sorted(found)),),
    )
    execute(
        connection,
        "DELETE FROM queue.item WHERE topic = %s AND lane = ANY(%s::text[]) AND dead IS NULL "
        "AND (content->>'message')::int8 = ANY(%s::int8[])",
        (TOPIC, lanes, array(sorted(found))),
    )
    rows = execute(
        connection,
        "WITH back AS (UPDATE hl7v2.message SET state = 'waiting', ended = NULL, reason = NULL "
        "WHERE id = ANY(%s::int8[]) AND (state IN ('done', 'waiting', 'written') "
        "OR state IN ('dead', 'discarded') AND id = ANY(%s::int8[])) RETURNING id, lanes), "
        "queued AS (INSERT INTO queue.item (topic, lane, content) "
        "SELECT %s, l.lane, jsonb_build_object('message', b.id, 'nr', l.nr, 'of', "
        "cardinality(b.lanes)) FROM back b CROSS JOIN LATERAL unnest(b.lanes) WITH ORDINALITY "
        "l (lane, nr) ORDER BY b.id, l.nr) SELECT id FROM back ORDER BY id",
        (array(sorted(found)), array(sorted(ids)), TOPIC),
    )
    return [row[0] for row in rows]


def _following(connection: Connection, ids: Sequence[int]) -> tuple[set[int], list[str]]:
    """These messages and what came later in their lanes; a merge leads on to another patient."""
    rows = execute(
        connection,
        "SELECT id, lanes FROM hl7v2.message WHERE id = ANY(%s::int8[]) "
        "AND state IN ('done', 'dead', 'discarded')",
        (array(sorted(ids)),),
    )
    found: set[int] = set()
    first: dict[str, int] = {}
    while rows:
        changed: dict[str, int] = {}
        for id_, lanes in rows:
            found.add(id_)
            for lane in lanes:
                if id_ < first.get(lane, id_ + 1):
                    first[lane] = changed[lane] = id_
        if not changed:
            break
        rows = execute(
            connection,
            "SELECT DISTINCT m.id, m.lanes FROM unnest(%s::text[], %s::int8[]) AS f (lane, first) "
            "JOIN hl7v2.message m ON m.lanes @> ARRAY[f.lane] AND m.id > f.first "
            "WHERE m.state IN ('done', 'waiting', 'written')",
            (list(changed), array(changed.values())),
        )
    return found, list(first)


def _one(vocabulary: str, code: str) -> str:
    return json.dump([{"vocabulary": vocabulary, "code": code}]).decode()
