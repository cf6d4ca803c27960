"""What a search would have found at an earlier snapshot, for resources changed since.

The index holds current versions only. A page link carries the snapshot of its first page; a
resource that has changed since is looked at in the version of that time: its index values are
extracted again, and the same SQL runs over them in place of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fhirserver.errors import TooCostly
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import EARLIEST, LATEST, IndexValues
from fhirserver.search.query import Query
from fhirserver.storage.content import joined
from fhirserver.storage.database import Rows
from fhirserver.storage.index_rows import ROW_COLUMNS, row_parameters, row_unnest
from fhirserver.storage.schema import LONG, ORDERED, OrderedTable, table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen
from fhirserver.storage.search_sql.pages import Wanted, page
from fhirserver.storage.store import Store
from fhirserver.storage.tables import kinds_needed
from fhirserver.storage.versions import array

MOST_CHANGED = 20_000


def as_of(store: Store, query: Query, resource_type: str, wanted: Wanted) -> Rows:
    """Rows of a page for the resources of a type that have changed since the wanted snapshot."""
    assert wanted.snapshot is not None
    then = _versions_then(store, resource_type, wanted.snapshot, _keys_beyond(query, wanted))
    return among(store, query, resource_type, wanted, then) if then else []


def among(store: Store, query: Query, resource_type: str, wanted: Wanted, then: Rows) -> Rows:
    """The same of these old versions, rows of COLUMNS_THEN."""
    shadow = shadow_of(store, resource_type, then)
    build = Builder(store.guard.searching, shadow.names)
    statement = page(build, query, resource_type, replace(wanted, snapshot=None))
    sql = (
        f"WITH {shadow.sql} SELECT '{resource_type}' AS type, NULL::text, p.* FROM ({statement}) p"
    )
    parameters = build.parameters | shadow.parameters
    return store.database.read(sql, parameters, prepare=False)


@dataclass(frozen=True, slots=True)
class Shadow:
    """Versions as the tables of a WITH; `names` are those that stand for the tables of the type."""

    names: dict[str, str]
    sql: str
    parameters: dict[str, Any]


COLUMNS_THEN: Final = (
    "r.key, r.id, r.version, r.updated, r.method::text, r.owner, r.exact, "
    "coalesce(r.exact, r.content::text), r.meta::text, r.unit, r.labels::text"
)


def shadow_of(store: Store, resource_type: str, rows: Rows) -> Shadow:
    """The tables of these versions (rows of COLUMNS_THEN), each under a key of its own."""
    indexed = [(row, store.extract(_resource(resource_type, row))) for row in rows]
    kinds = [k for k in ORDERED if k in kinds_needed(resource_type)]
    names = {"resource": "past_resource"} | {k: f"past_{k}" for k in kinds}
    resources = (
        'past_resource AS (SELECT key, id COLLATE "C" AS id, version, updated, '
        'method::"char" AS method, meta::jsonb AS meta, exact, content::jsonb AS content, '
        "self, elements::int8[] AS elements, owner, unit, labels::int8[] AS labels, "
        "false AS deleted "
        "FROM unnest(%(p_key)s::int8[], %(p_id)s::text[], %(p_version)s::int4[], "
        "%(p_updated)s::timestamptz[], %(p_method)s::text[], %(p_owner)s::int8[], "
        "%(p_meta)s::text[], %(p_exact)s::text[], %(p_content)s::text[], "
        "%(p_self)s::int8[], %(p_elements)s::text[], %(p_unit)s::int8[], %(p_labels)s::text[]) "
        "AS n (key, id, version, updated, method, owner, meta, exact, content, self, elements, "
        "unit, labels))"
    )
    tables = [resources, *(f"past_{k} AS ({_rows_then(k)})" for k in kinds)]
    parameters = _resource_parameters(resource_type, indexed)
    for kind in kinds:
        parameters |= row_parameters(kind, [(row[0], row[5], index) for row, index in indexed])
    return Shadow(names, ", ".join(tables), parameters)


def _resource(resource_type: str, row: Sequence[Any]) -> Resource:
    _, id_, version, updated, _, _, _, rest, meta, _, _ = row
    text = joined(resource_type, id_, version, updated, meta, rest)
    return json.parse_object(text.encode())


def _rows_then(kind: OrderedTable) -> str:
    """The same columns as the table's, with its collation."""
    columns = ("key", "owner", *(name for name, _ in ROW_COLUMNS[kind]))
    names = ", ".join('text COLLATE "C" AS text' if c == "text" else c for c in columns)
    if kind in LONG:
        names += f", {LONG[kind]} AS long"
    return f"SELECT {names} FROM {row_unnest(kind)}"


def _keys_beyond(query: Query, wanted: Wanted) -> tuple[int, int]:
    """The keys among which the rest of the search lies: where it is ordered by them, not all."""
    if query.sort or wanted.after is None:
        return EARLIEST, LATEST
    last = wanted.after.values[-1]
    return (last + 1, LATEST) if wanted.backwards else (EARLIEST, last - 1)


def _versions_then(store: Store, resource_type: str, snapshot: str, keys: tuple[int, int]) -> Rows:
    """The versions that were current at the snapshot, of resources that have changed since.

    Only of those that are there for the caller as they are now, too.
    """
    database = store.database
    changed = database.read(
        "SELECT DISTINCT c.key FROM fhir.change c "
        "WHERE c.tx >= pg_snapshot_xmin(%(s)s::pg_snapshot) "
        "AND NOT pg_visible_in_snapshot(c.tx, %(s)s::pg_snapshot) "
        "AND c.type = %(type)s AND c.version > 1 "
        "AND c.key BETWEEN %(low)s AND %(high)s LIMIT %(most)s",
        {
            "s": snapshot,
            "type": resource_type,
            "low": keys[0],
            "high": keys[1],
            "most": MOST_CHANGED + 1,
        },
        prepare=False,
    )
    if len(changed) > MOST_CHANGED:
        raise TooCostly("too much has changed since the first page: start the search again")
    if not changed:
        return []
    build = Builder(store.guard.searching)
    now = seen(build, resource_type, "c")
    rows = database.read(
        f"SELECT DISTINCT ON (r.key) {COLUMNS_THEN} FROM {table('history', resource_type)} r "
        f"JOIN {table('resource', resource_type)} c ON c.key = r.key AND {now} "
        "WHERE r.key = ANY(%(keys)s::int8[]) "
        "AND pg_visible_in_snapshot(r.tx, %(s)s::pg_snapshot) ORDER BY r.key, r.version DESC",
        {"keys": array(row[0] for row in changed), "s": snapshot, **build.parameters},
        prepare=False,
    )
    return [row for row in rows if row[7] is not None]


def _resource_parameters(
    resource_type: str, indexed: Sequence[tuple[tuple[Any, ...], IndexValues]]
) -> dict[str, Any]:
    rows = [row for row, _ in indexed]
    return {
        "p_key": array(row[0] for row in rows),
        "p_id": [row[1] for row in rows],
        "p_version": array(row[2] for row in rows),
        "p_updated": [row[3] for row in rows],
        "p_method": [row[4] for row in rows],
        "p_owner": [row[5] for row in rows],
        "p_meta": [row[8] for row in rows],
        "p_exact": [row[6] for row in rows],
        "p_content": [row[7] for row in rows],
        "p_self": array(reference_self(resource_type, row[1]) for row in rows),
        "p_elements": [array(index.elements) for _, index in indexed],
        "p_unit": [row[9] for row in rows],
        "p_labels": [row[10] for row in rows],
    }
