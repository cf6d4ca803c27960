"""Writing versions: rows, history, index and change log of many resources in few statements.

Everything about the resources of one type is one statement, whatever their number: its parts
insert, move to history, update, and bring the index rows in step, writing only the difference.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from fhirserver.search.index import IndexValues
from fhirserver.storage.audit_events import EventRow, beside
from fhirserver.storage.audit_events import parameters as event_parameters
from fhirserver.storage.database import Connection, Database, Rows, Stale, execute
from fhirserver.storage.index_rows import (
    ROW_COLUMNS,
    ROWS_OF,
    nullable,
    row_names,
    row_parameters,
    row_unnest,
)
from fhirserver.storage.rows import METHOD_LETTER, NewVersion
from fhirserver.storage.schema import OrderedTable, ordered, table
from fhirserver.storage.tables import kinds_needed
from fhirserver.storage.versions import array

# JSONB would write 1.0e2 as 100: such a resource also keeps its own text.
_EXPONENT = re.compile(r"[:\[,]-?[0-9]+(?:\.[0-9]+)?[eE]")

_VERSION = "key, id, version, updated, method, owner, unit, labels, meta, exact, content"


# The plan for a statement is made once, for few rows: far more of them are better taken in turns.
MOST_AT_ONCE = 500


def write(
    target: Connection | Database,
    versions: Sequence[NewVersion],
    events: Sequence[EventRow] = (),
) -> None:
    """Write all versions.

    `target` is a connection inside a transaction, or the database itself for a change that needs
    just one statement; `events` are written in that one, too. Raises Stale when a row that is
    replaced, or an id that is created, has been written by somebody else meanwhile: the transaction
    is then to be rolled back.
    """
    by_type: dict[tuple[str, bool], list[NewVersion]] = defaultdict(list)
    for version in versions:
        by_type[version.type, version.replaces is not None].append(version)
    for (resource_type, is_update), group in sorted(by_type.items()):
        for start in range(0, len(group), MOST_AT_ONCE):
            part = group[start : start + MOST_AT_ONCE]
            _write_type(target, resource_type, part, events, is_update=is_update)


def _write_type(
    target: Connection | Database,
    resource_type: str,
    group: list[NewVersion],
    events: Sequence[EventRow],
    *,
    is_update: bool,
) -> None:
    statement = _update_statement if is_update else _create_statement
    kinds = frozenset(
        k for k in kinds_needed(resource_type) if any(_differs(v, ROWS_OF[k]) for v in group)
    )
    parameters: dict[str, Any] = _version_parameters(group)
    parameters["made_by"] = made_by(v.index for v in group)
    if is_update:
        parameters["replaces"] = array(v.replaces or 0 for v in group)
    owned = [(v.key, v.stamp.owner, v.index) for v in group]
    for kind in kinds:
        parameters.update(row_parameters(kind, owned))
    if events:
        parameters |= event_parameters(events, expected=len(group))
    sql = statement(resource_type, kinds, with_events=bool(events))
    rows: Rows = (
        target.write(sql, parameters)
        if isinstance(target, Database)
        else execute(target, sql, parameters)
    )
    if rows[0][0] != len(group):
        raise Stale(resource_type)


def made_by(indexes: Iterable[IndexValues]) -> int | None:
    """The generation of search parameters that all of these were made by; None for no matter.

    Raises Stale when there are several.
    """
    generations = {i.generation for i in indexes if i.generation is not None}
    if len(generations) > 1:
        raise Stale
    return next(iter(generations), None)


def _differs(version: NewVersion, rows: str) -> bool:
    """Whether the rows of one ordered table are other ones than those of the version before."""
    if version.before is None:
        return bool(getattr(version.index, rows))
    index, stamp = version.before
    if index.generation != version.index.generation:
        return True
    return getattr(version.index, rows) != getattr(index, rows) or stamp != version.stamp


def _version_parameters(group: Sequence[NewVersion]) -> dict[str, Any]:
    return {
        "type": group[0].type,
        "key": array(v.key for v in group),
        "id": [v.id for v in group],
        "self": array(v.self for v in group),
        "version": array(v.version for v in group),
        "updated": [v.updated for v in group],
        "method": [METHOD_LETTER[v.method] for v in group],
        "owner": nullable(v.stamp.owner for v in group),
        "unit": nullable(v.stamp.unit for v in group),
        "labels": [array(v.stamp.labels) if v.stamp.labels else None for v in group],
        "meta": [v.meta for v in group],
        "exact": [
            v.content
            if v.content is not None and v.sealed is None and _has_exponent(v.content)
            else None
            for v in group
        ],
        "content": [v.content if v.sealed is None else v.sealed for v in group],
        "elements": [array(v.index.elements) for v in group],
    }


def _has_exponent(content: str) -> bool:
    # JSON of ours writes an exponent as Decimal does, E+2 or E-7: few texts have that at all.
    return ("E+" in content or "E-" in content) and _EXPONENT.search(content) is not None


# Arrays of text go in PostgreSQL's binary format (%b): escaping JSON for its text format costs more
# than storing it does.
_VERSION_UNNEST = """
  unnest(%(key)s::int8[], %(id)b::text[], %(self)s::int8[], %(version)s::int4[],
         %(updated)b::timestamptz[], %(method)b::text[], %(owner)s::int8[], %(unit)s::int8[],
         %(labels)b::text[], %(meta)b::text[], %(exact)b::text[],
         %(content)b::text[], %(elements)b::text[])
  AS n (key, id, self, version, updated, method, owner, unit, labels, meta, exact,
        content, elements)"""


@cache
def _create_statement(
    resource_type: str, kinds: frozenset[OrderedTable], *, with_events: bool
) -> str:
    rows = "".join(
        f""",
{kind}_rows AS (
  INSERT INTO {ordered(kind, resource_type)} ({row_names(kind)})
  SELECT {row_names(kind)} FROM {row_unnest(kind)})"""
        for kind in sorted(kinds)
    )
    events = f",{beside('created')}" if with_events else ""
    return f"""
WITH created AS (
  INSERT INTO {table("resource", resource_type)} ({_VERSION}, self, elements)
  SELECT key, id, version, updated, method::"char", owner, unit, labels::int8[], meta::jsonb, exact,
         content::jsonb, self, elements::int8[]
  FROM {_VERSION_UNNEST}
  RETURNING key, version, updated, method){rows},
logged AS (
  INSERT INTO fhir.change (type, key, version, updated, method)
  SELECT %(type)s, key, version, updated, method FROM created){events}
SELECT count(*), fhir.parameters_are(%(made_by)s::int8) FROM created"""


@cache
def _update_statement(
    resource_type: str, kinds: frozenset[OrderedTable], *, with_events: bool
) -> str:
    rows = "".join(difference(kind, resource_type) for kind in sorted(kinds))
    events = f",{beside('written')}" if with_events else ""
    return f"""
WITH new AS MATERIALIZED (
  SELECT n.*, replaces FROM {_VERSION_UNNEST}
  JOIN unnest(%(key)s::int8[], %(replaces)s::int4[]) AS o (key, replaces) USING (key)),
old AS MATERIALIZED (
  SELECT r.* FROM {table("resource", resource_type)} r JOIN new ON new.key = r.key
  WHERE r.version = new.replaces AND {UNTOUCHED} FOR UPDATE OF r),
kept AS (
  INSERT INTO {table("history", resource_type)} ({_VERSION}, tx, elements)
  SELECT {_VERSION}, tx, elements FROM old),
written AS (
  UPDATE {table("resource", resource_type)} r
  SET version = n.version, updated = n.updated, method = n.method::"char",
      tx = pg_current_xact_id(), {_KEPT},
      meta = n.meta::jsonb, exact = n.exact, content = n.content::jsonb,
      deleted = n.content IS NULL
  FROM new n JOIN old ON old.key = n.key
  WHERE r.key = n.key
  RETURNING r.key, r.version, r.updated, r.method){rows},
logged AS (
  INSERT INTO fhir.change (type, key, version, updated, method)
  SELECT %(type)s, key, version, updated, method FROM written){events}
SELECT count(*), fhir.parameters_are(%(made_by)s::int8) FROM written"""


# Whose a deleted resource was, and what it said, decide who may know that it was there: as it was
# then, not as what it was about has become since.
_KEPT = ", ".join(
    f"{name} = CASE WHEN n.content IS NULL THEN r.{name} ELSE n.{value} END"
    for name, value in (
        ("owner", "owner"),
        ("unit", "unit"),
        ("labels", "labels::int8[]"),
        ("elements", "elements::int8[]"),
    )
)

# That nobody has put index rows of this version right since the statement began: it wouldn't see
# them, and would leave them beside the new ones.
UNTOUCHED = "(r.indexed IS NULL OR pg_visible_in_snapshot(r.indexed, pg_current_snapshot()))"


def difference(kind: OrderedTable, resource_type: str) -> str:
    """Delete the rows that the new version lacks and insert those that the old one lacked."""
    name = ordered(kind, resource_type)
    columns = [c for c, _ in ROW_COLUMNS[kind]]
    same = " AND ".join(f"d.{c} IS NOT DISTINCT FROM n.{c}" for c in ["owner", *columns])
    return f""",
{kind}_new AS MATERIALIZED (SELECT * FROM {row_unnest(kind)}),
{kind}_gone AS (
  DELETE FROM {name} d WHERE d.key IN (SELECT key FROM old)
  AND NOT EXISTS (SELECT FROM {kind}_new n WHERE n.key = d.key AND {same})),
{kind}_rows AS (
  INSERT INTO {name} ({row_names(kind)})
  SELECT {row_names(kind)} FROM {kind}_new n WHERE n.key IN (SELECT key FROM old)
  AND NOT EXISTS (SELECT FROM {name} d WHERE d.key = n.key AND {same}))"""
