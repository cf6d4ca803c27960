"""One page of a search as one statement: matches after a position, in order, with their content.

Paging goes by the values of the sort keys (keyset), never by counting rows. Two shapes:

- no sort key, or one that an ordered table has: the table's index delivers rows in order and the
  statement stops when the page is full; resources without a value follow in a second part;
- anything else: all matches are found, ordered and cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhirserver.search.query import Query
from fhirserver.storage.guard import See, is_whole
from fhirserver.storage.schema import OrderedTable
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import row_group, where
from fhirserver.storage.search_sql.ranges import RowCondition, rows_predicate, table_of
from fhirserver.storage.search_sql.sorting import Key, driver, driver_column, keys
from fhirserver.storage.singles import single_params
from fhirserver.storage.versions import COLUMNS


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in the order: its part, its sort values, and its key last."""

    part: int
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: up to `limit` rows after a position, or before it going `backwards`.

    `snapshot` leaves out rows that were written later than it. `fenced`: find all matches before
    putting them in order. `most_walked`: look only at so many current rows in that order, and at
    none without a value, so that the page is right only if it is full (storage/ways.py).
    """

    limit: int
    after: Position | None = None
    backwards: bool = False
    snapshot: str | None = None
    fenced: bool = False
    most_walked: int | None = None


def page(build: Builder, query: Query, resource_type: str, wanted: Wanted) -> str:
    """The statement of a page.

    Its rows are COLUMNS, then the part, the sort values and the key; going backwards, the nearest
    row first.
    """
    group = _only_rows(build.see, query, resource_type, wanted)
    if group is not None:
        return _by_rows(build, group, resource_type, wanted)
    kind = driver(query.sort, resource_type)
    if kind is None:
        return _ordered(build, query, resource_type, wanted)
    if wanted.most_walked is not None:
        return _driven(build, query, resource_type, kind, wanted)
    parts = [
        _driven(build, query, resource_type, kind, wanted),
        _without_value(build, query, resource_type, kind, wanted),
    ]
    if wanted.backwards:
        parts.reverse()
    union = " UNION ALL ".join(f"({p})" for p in parts if p)
    return f"{union} LIMIT {wanted.limit}"


def all_matches(build: Builder, query: Query, resource_type: str, wanted: Wanted) -> str:
    """The keys of all matches, in no order."""
    group = _only_rows(build.see, query, resource_type, wanted)
    if group is not None:
        return _keys_of_rows(build, group, resource_type)
    return f"SELECT r.key FROM {_matching(build, query, resource_type, Wanted(0))} r"


def is_in_index_order(query: Query, resource_type: str) -> bool:
    """Whether an index may deliver the page in order, so that not all matches are looked at."""
    plain = all(s.by in {"updated", "id"} for s in query.sort)
    return plain or driver(query.sort, resource_type) is not None


def is_of_rows(see: See, query: Query, resource_type: str, wanted: Wanted) -> bool:
    """Whether an ordered table can answer without the resources."""
    return _only_rows(see, query, resource_type, wanted) is not None


def _only_rows(
    see: See, query: Query, resource_type: str, wanted: Wanted
) -> list[RowCondition] | None:
    """The conditions of a search that an ordered table can answer without the resources."""
    if query.sort or wanted.snapshot is not None or not is_whole(see(resource_type)):
        return None
    return row_group(query.condition, resource_type)


def _by_rows(
    build: Builder, group: Sequence[RowCondition], resource_type: str, wanted: Wanted
) -> str:
    """The newest resources that have a row which meets the conditions."""
    among, order = None, ""
    if wanted.most_walked is not None:
        # In the order of the walk, so that it ends with the page.
        order = f" ORDER BY k {'ASC' if wanted.backwards else 'DESC'}"
        rows = build.ordered(table_of(group[0]), resource_type, base=True)
        cut = _cut(
            build,
            [Key("w.key", "int8", descending=True)],
            wanted.after,
            replace(wanted, limit=wanted.most_walked),
        )
        param = build.bind(group[0].param, "int4")
        among = f"(SELECT w.* FROM {rows} w WHERE w.param = {param}{cut})"
    fence = " OFFSET 0" if wanted.fenced else ""
    found = (
        f"SELECT r.k FROM ({_keys_of_rows(build, group, resource_type, among)}{order}{fence}) r "
        f"WHERE true{_cut(build, [Key('r.k', 'int8', descending=True)], wanted.after, wanted)}"
    )
    source = build.resource(resource_type, base=True)
    return _with_content(found, 0, [Key("q.k", "int8", descending=True)], source, wanted)


def _keys_of_rows(
    build: Builder, group: Sequence[RowCondition], resource_type: str, among: str | None = None
) -> str:
    rows = build.ordered(table_of(group[0]), resource_type, base=True)
    predicate = rows_predicate(build, group, "x", rows)
    distinct = "" if group[0].param in single_params(resource_type) else "DISTINCT "
    return f"SELECT {distinct}x.key AS k FROM {among or rows} x WHERE {predicate}"


def _ordered(build: Builder, query: Query, resource_type: str, wanted: Wanted) -> str:
    """All matches, ordered and cut; an index may deliver plain columns in order."""
    order = keys(build, query.sort, resource_type, "r")
    names = [Key(f"q.s{i}", k.cast, k.descending) for i, k in enumerate(order[:-1])]
    names.append(Key("q.k", "int8", order[-1].descending))
    columns = "".join(f", {k.expression} AS s{i}" for i, k in enumerate(order[:-1]))
    source = build.resource(resource_type, base=True)
    walked = None
    if wanted.most_walked is not None:
        along = keys(build, query.sort, resource_type, "w")
        cut = _cut(build, along, wanted.after, replace(wanted, limit=wanted.most_walked))
        walked = f"(SELECT w.* FROM {source} w WHERE NOT w.deleted{cut})"
    found = (
        f"SELECT r.key AS k{columns} "
        f"FROM {_matching(build, query, resource_type, wanted, walked)} r WHERE true"
    )
    if all(k.expression in {"r.key", "r.updated", "r.id"} for k in order):
        found += _cut(build, order, wanted.after, wanted)
    else:
        found = f"SELECT q.* FROM ({found}) q WHERE true{_cut(build, names, wanted.after, wanted)}"
    return _with_content(found, 0, names, source, wanted)


def _driven(
    build: Builder, query: Query, resource_type: str, kind: OrderedTable, wanted: Wanted
) -> str:
    """Rows that have a value, delivered by the ordered table's index."""
    after, sort = wanted.after, query.sort[0]
    if after is not None and after.part == 1:
        if not wanted.backwards:
            return ""
        after = None
    column, cast = driver_column(kind)
    order = [Key(f"o.{column}", cast, sort.descending), Key("o.key", "int8", sort.descending)]
    names = [Key("q.s0", cast, sort.descending), Key("q.k", "int8", sort.descending)]
    source = build.resource(resource_type, base=True)
    rows = build.ordered(kind, resource_type, base=True)
    has_value = (
        f"o.param = {build.bind(sort.param, 'int4')} "
        f"AND o.{'last' if sort.descending else 'first'} AND o.token IS NULL"
    )
    if wanted.most_walked is not None:
        walked = _cut(build, order, after, replace(wanted, limit=wanted.most_walked))
        rows, has_value, after = (
            f"(SELECT o.* FROM {rows} o WHERE {has_value}{walked})",
            "true",
            None,
        )
    matching = _matching(build, query, resource_type, wanted)
    joined = f"{rows} o JOIN {matching} r ON r.key = o.key WHERE {has_value}"
    if wanted.fenced:
        # Their values are looked up one by one: the planner would rather read all values.
        joined = (
            f"{matching} r CROSS JOIN LATERAL (SELECT o.* FROM {rows} o "
            f"WHERE o.key = r.key AND {has_value} LIMIT 1) o WHERE true"
        )
    found = f"SELECT o.key AS k, o.{column} AS s0 FROM {joined}{_cut(build, order, after, wanted)}"
    return _with_content(found, 0, names, source, wanted)


def _without_value(
    build: Builder, query: Query, resource_type: str, kind: OrderedTable, wanted: Wanted
) -> str:
    """Rows that have no value of the sort parameter, in the order of their keys."""
    after, sort = wanted.after, query.sort[0]
    if after is not None and after.part == 0:
        if wanted.backwards:
            return ""
        after = None
    if after is not None:
        after = Position(1, after.values[-1:])
    _, cast = driver_column(kind)
    source = build.resource(resource_type, base=True)
    found = (
        f"SELECT r.key AS k, NULL::{cast} AS s0 "
        f"FROM {_matching(build, query, resource_type, wanted)} r WHERE NOT EXISTS ("
        f"SELECT FROM {build.ordered(kind, resource_type, base=True)} o WHERE o.key = r.key "
        f"AND o.param = {build.bind(sort.param, 'int4')} AND o.token IS NULL)"
        f"{_cut(build, [Key('r.key', 'int8', sort.descending)], after, wanted)}"
    )
    names = [Key("q.s0", cast, sort.descending), Key("q.k", "int8", sort.descending)]
    return _with_content(found, 1, names, source, wanted)


def _matching(
    build: Builder, query: Query, resource_type: str, wanted: Wanted, among: str | None = None
) -> str:
    """The rows that match, as a table in brackets; `among` other rows than all of the type's."""
    condition = where(build, query.condition, resource_type, "m")
    if wanted.snapshot is not None:
        snapshot = f"{build.bind(wanted.snapshot)}::pg_snapshot"
        condition += f" AND pg_visible_in_snapshot(m.tx, {snapshot})"
    # PostgreSQL takes a subquery apart, unless it has an OFFSET.
    fence = " OFFSET 0" if wanted.fenced else ""
    source = among or build.resource(resource_type, base=True)
    return f"(SELECT m.* FROM {source} m WHERE {condition}{fence})"


def _with_content(found: str, part: int, names: Sequence[Key], source: str, wanted: Wanted) -> str:
    """The rows that a statement of keys and sort values (k, s0, s1 ...) found, with their content.

    The content is turned into text only for what is on the page, not for all that was ordered.
    """
    values = ", ".join(k.expression for k in names)
    return (
        f"SELECT {COLUMNS}, {part} AS part, {values} FROM ({found}) q "
        f"JOIN {source} r ON r.key = q.k ORDER BY {_order_by(names, wanted.backwards)}"
    )


def _cut(build: Builder, order: Sequence[Key], after: Position | None, wanted: Wanted) -> str:
    """The end of a statement: only rows beyond the position, in order, no more than wanted."""
    beyond = _beyond(build, order, after, wanted.backwards)
    return f"{beyond} ORDER BY {_order_by(order, wanted.backwards)} LIMIT {wanted.limit}"


def _order_by(order: Sequence[Key], backwards: bool) -> str:
    return ", ".join(
        f"{k.expression} {'ASC' if k.descending == backwards else 'DESC'}" for k in order
    )


def _beyond(build: Builder, order: Sequence[Key], after: Position | None, backwards: bool) -> str:
    """The rows that come after the position (or before it, going backwards)."""
    if after is None:
        return ""
    values = [build.bind(v, k.cast) for k, v in zip(order, after.values, strict=True)]
    if len({k.descending for k in order}) == 1:
        # One direction: a row comparison, which an index on these columns can start from.
        operator = ">" if order[0].descending == backwards else "<"
        columns = ", ".join(k.expression for k in order)
        return f" AND ({columns}) {operator} ({', '.join(values)})"
    alternatives = []
    for i, key in enumerate(order):
        operator = ">" if key.descending == backwards else "<"
        equal = [f"{k.expression} = {v}" for k, v in zip(order[:i], values[:i], strict=True)]
        alternatives.append(" AND ".join([*equal, f"{key.expression} {operator} {values[i]}"]))
    return f" AND ({' OR '.join(f'({a})' for a in alternatives)})"
