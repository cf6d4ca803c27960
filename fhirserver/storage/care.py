"""Care relationships and consent directives: rows that follow the resources they come from.

They are written in the transaction of the resource, and only where they differ: a row that stays
keeps the transaction that made it, by which rules know one that was made just now.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.index import EARLIEST, LATEST
from fhirserver.search.query import Condition
from fhirserver.storage.database import Connection, execute
from fhirserver.storage.index_rows import nullable
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen
from fhirserver.storage.versions import COLUMNS, array, version_of


@dataclass(frozen=True, slots=True)
class CareRow:
    """`source` is the key of the resource; times are microseconds since 1970 UTC."""

    source: int
    patient: int
    actor: int
    kind: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class DirectiveRow:
    """The same of a consent; None is any."""

    source: int
    patient: int
    actor: int | None
    label: int | None
    starts: int
    ends: int
    depth: int
    effect: str
    purpose: str | None
    type: str | None


# A time that is none begins or ends never.
_TIME: Final = (
    "CASE WHEN {0} <= {earliest} THEN '-infinity' WHEN {0} >= {latest} THEN 'infinity' "
    "ELSE timestamptz 'epoch' + {0} / 1000 * interval '1 millisecond' END"
)


def time(column: str) -> str:
    """SQL of the time that a column tells in microseconds since 1970 UTC."""
    return _TIME.format(column, earliest=EARLIEST, latest=LATEST)


_CARE: Final = f"""
WITH n AS MATERIALIZED (
  SELECT source, patient, actor, kind, {time("s")} AS starts, {time("e")} AS ends
  FROM unnest(%(source)s::int8[], %(patient)s::int8[], %(actor)s::int8[], %(kind)s::text[],
              %(starts)s::int8[], %(ends)s::int8[]) AS u (source, patient, actor, kind, s, e)),
gone AS (
  DELETE FROM access.care c WHERE c.source = ANY(%(sources)s::int8[])
  AND c.kind <> 'break-glass'
  AND NOT EXISTS (SELECT FROM n WHERE (n.source, n.patient, n.actor, n.kind, n.starts, n.ends)
                  = (c.source, c.patient, c.actor, c.kind, c.starts, c.ends)))
INSERT INTO access.care (source, patient, actor, kind, starts, ends)
SELECT DISTINCT source, patient, actor, kind, starts, ends FROM n
WHERE NOT EXISTS (SELECT FROM access.care c WHERE
                  (n.source, n.patient, n.actor, n.kind, n.starts, n.ends)
                  = (c.source, c.patient, c.actor, c.kind, c.starts, c.ends))"""

_DIRECTIVES: Final = f"""
WITH gone AS (DELETE FROM access.directive WHERE source = ANY(%(sources)s::int8[]))
INSERT INTO access.directive
  (source, patient, actor, label, starts, ends, depth, effect, purpose, type)
SELECT source, patient, actor, label, {time("s")}, {time("e")}, depth, effect, purpose, type
FROM unnest(%(source)s::int8[], %(patient)s::int8[], %(actor)s::int8[], %(label)s::int8[],
            %(starts)s::int8[], %(ends)s::int8[], %(depth)s::int2[], %(effect)s::text[],
            %(purpose)s::text[], %(type)s::text[])
  AS u (source, patient, actor, label, s, e, depth, effect, purpose, type)"""


def put_care(connection: Connection, sources: Collection[int], rows: Sequence[CareRow]) -> None:
    """Make these the care relationships of these sources, and there are no others of theirs."""
    execute(
        connection,
        _CARE,
        {
            "sources": array(sources),
            "source": array(r.source for r in rows),
            "patient": array(r.patient for r in rows),
            "actor": array(r.actor for r in rows),
            "kind": [r.kind for r in rows],
            "starts": array(r.starts for r in rows),
            "ends": array(r.ends for r in rows),
        },
    )


def put_directives(
    connection: Connection, sources: Collection[int], rows: Sequence[DirectiveRow]
) -> None:
    """Make these the directives of these consents, and there are no others of theirs."""
    execute(
        connection,
        _DIRECTIVES,
        {
            "sources": array(sources),
            "source": array(r.source for r in rows),
            "patient": array(r.patient for r in rows),
            "actor": nullable(r.actor for r in rows),
            "label": nullable(r.label for r in rows),
            "starts": array(r.starts for r in rows),
            "ends": array(r.ends for r in rows),
            "depth": [r.depth for r in rows],
            "effect": [r.effect for r in rows],
            "purpose": [r.purpose for r in rows],
            "type": [r.type for r in rows],
        },
    )


def there_already(
    connection: Connection, sources: Collection[int]
) -> set[tuple[int, int, int, str, bool]]:
    """The relationships of these sources: source, patient, actor, kind, whether it is over."""
    rows = execute(
        connection,
        "SELECT source, patient, actor, kind, ends <= now() FROM access.care "
        "WHERE source = ANY(%s::int8[])",
        (array(sources),),
    )
    return {(row[0], row[1], row[2], row[3], row[4]) for row in rows}


def patients_meeting(
    connection: Connection, patients: Collection[int], condition: Condition
) -> set[int]:
    """Which of the patients (digests) meet a condition, not counting what this transaction made."""
    build = Builder(lambda _: condition, is_settled=True)
    rows = execute(
        connection,
        f"SELECT r.self FROM {table('resource', 'Patient')} r "
        f"WHERE r.self = ANY({build.bind_array(patients)}) AND {seen(build, 'Patient', 'r')}",
        build.parameters,
        prepare=False,
    )
    return {row[0] for row in rows}


def sources_of(
    connection: Connection, resource_type: str, after: int, limit: int
) -> dict[int, Resource]:
    """The next current resources of a type by their keys, in the order of these.

    They are locked against changes until the transaction ends.
    """
    rows = execute(
        connection,
        f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
        "WHERE r.key > %s AND NOT r.deleted ORDER BY r.key LIMIT %s FOR SHARE OF r",
        (after, limit),
    )
    versions = [version_of(resource_type, row) for row in rows]
    return {v.key: json.kept(v.content or "{}") for v in versions}
