"""Running searches: pages, counts, the matches of a condition, included resources, plans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from typing import Any

from fhirserver.search.hashing import reference_self
from fhirserver.search.query import And, AnyElement, Condition, Query
from fhirserver.storage.chains import (
    FEW_SOURCES,
    chains_found,
    has_reverse_chain,
    most_sources,
    with_chains_found,
)
from fhirserver.storage.database import Database, Rows, planned
from fhirserver.storage.guard import is_whole, shown
from fhirserver.storage.past import as_of
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen, where
from fhirserver.storage.search_sql.pages import Position, Wanted, page
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, WIDTH, array, ready, version_of
from fhirserver.storage.ways import before_chains, ways


@dataclass(frozen=True, slots=True)
class Page:
    """A page of matches, the positions that continue it, and the snapshot it belongs to."""

    matches: list[Version]
    snapshot: str
    after: Position | None
    before: Position | None


@dataclass(frozen=True, slots=True)
class _Hit:
    version: Version
    position: Position


def find_page(store: Store, query: Query, wanted: Wanted) -> Page:
    """One page of matches.

    The first page takes a snapshot; the pages that continue it see the resources as they were
    then, so that no match is missing or doubled, whatever is written meanwhile.
    """
    if wanted.snapshot is not None:
        query = with_chains_found(store, query)
    # One row more than fits shows whether there is another page.
    more_wanted = replace(wanted, limit=wanted.limit + 1)
    rows: Rows = []
    for sql, build in _statements(store, query, more_wanted):
        rows = store.database.read(sql, build.parameters, prepare=False)
        if len(rows) == more_wanted.limit:
            break
    hits = [_hit(store, row) for row in ready(rows, before=2)]
    taken = wanted.snapshot or (rows[0][1] if rows else "")
    if wanted.snapshot is not None:
        for resource_type in query.types:
            # A row that changes between the two statements is in both: as it was, both times.
            known = {h.version.key for h in hits}
            past = [_hit(store, r) for r in as_of(store, query, resource_type, more_wanted)]
            hits += [h for h in past if h.version.key not in known]
    if wanted.snapshot is not None or len(query.types) > 1:
        hits.sort(key=cmp_to_key(_comparison(query, backwards=wanted.backwards)))
    more = len(hits) > wanted.limit
    hits = hits[: wanted.limit]
    if wanted.backwards:
        hits.reverse()
    has_next = bool(hits) and (more or wanted.backwards)
    has_previous = bool(hits) and (more if wanted.backwards else wanted.after is not None)
    return Page(
        [h.version for h in hits],
        taken,
        after=hits[-1].position if has_next else None,
        before=hits[0].position if has_previous else None,
    )


def _statements(store: Store, query: Query, wanted: Wanted) -> Iterator[tuple[str, Builder]]:
    """The statement of a page; where its first rows don't fill the page, the next is right."""
    if wanted.after is None and len(query.types) == 1:
        query = with_chains_found(store, query, most_sources=FEW_SOURCES)
        first = None
        if has_reverse_chain(query.condition):
            first = before_chains(store, query, query.types[0], wanted)
        if first is not None:
            yield _statement(store, query, [first])
            if first.most_walked is None:
                return
    candidates = sum(map(store.sizes.rows, query.types))
    query = with_chains_found(store, query, most_sources=most_sources(candidates))
    taken = [ways(store, query, t, wanted) for t in query.types]
    # Only a search of one type has more than one way.
    for way in zip(*taken, strict=True):
        yield _statement(store, query, way)


def _statement(store: Store, query: Query, way: Sequence[Wanted]) -> tuple[str, Builder]:
    """The statement of a page, with what is wanted of each type."""
    build = Builder(store.guard.searching, types=len(query.types))
    sql = " UNION ALL ".join(
        f"SELECT {_name(t)} AS type, (SELECT pg_current_snapshot()::text), p.* "
        f"FROM ({page(build, query, t, w)}) p"
        for t, w in zip(query.types, way, strict=True)
    )
    return sql, build


def count(store: Store, query: Query) -> int:
    """How many resources match, exactly."""
    query = with_chains_found(store, query)
    build = Builder(store.guard.searching, types=len(query.types))
    sql = " + ".join(
        f"(SELECT count(*) FROM {table('resource', t)} r "
        f"WHERE {where(build, query.condition, t, 'r')})"
        for t in query.types
    )
    return int(store.database.read(f"SELECT {sql}", build.parameters, prepare=False)[0][0])


def estimate(store: Store, query: Query) -> int:
    """How many resources match, as the planner guesses from its statistics.

    These are of all rows, so who doesn't see all of them gets the exact number.
    """
    if not all(is_whole(store.guard.searching(t)) for t in query.types):
        return count(store, query)
    query = with_chains_found(store, query)
    total = 0
    for resource_type in query.types:
        build = Builder(store.guard.searching)
        sql = (
            f"EXPLAIN (FORMAT JSON) SELECT r.key FROM {table('resource', resource_type)} r "
            f"WHERE {where(build, query.condition, resource_type, 'r')}"
        )
        total += round(
            planned(store.database.read(sql, build.parameters, prepare=False))["Plan Rows"]
        )
    return total


def explain(store: Store, query: Query, *, limit: int) -> tuple[str, list[Any]]:
    """The statement that gives the first page and its plan, run and timed, for all types."""
    wanted = Wanted(limit + 1)
    sql, plan = "", []
    for sql, build in _statements(store, query, wanted):
        rows = store.database.read(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", build.parameters, prepare=False
        )
        found = rows[0][0]
        plan = json.loads(found) if isinstance(found, str) else found
        if plan[0]["Plan"]["Actual Rows"] == wanted.limit:
            break
    return sql, plan


def matches(store: Store, resource_type: str, condition: Condition, *, limit: int) -> list[str]:
    """The ids of up to `limit` current resources that meet a condition."""
    condition = chains_found(store, condition, (resource_type,))
    build = Builder(store.guard.searching)
    sql = (
        f"SELECT r.id FROM {table('resource', resource_type)} r "
        f"WHERE {where(build, condition, resource_type, 'r')} LIMIT {limit}"
    )
    return [row[0] for row in store.database.read(sql, build.parameters, prepare=False)]


def element_of(condition: Condition) -> int | None:
    """The one element of the array that decides whether a row meets a condition, if one does."""
    while isinstance(condition, And) and len(condition.conditions) == 1:
        condition = condition.conditions[0]
    if isinstance(condition, AnyElement) and len(condition.elements) == 1:
        return condition.elements[0]
    return None


def having_each(
    store: Store, resource_type: str, elements: Iterable[int], *, limit: int
) -> dict[int, list[str]]:
    """The ids of up to `limit` current resources for each of these elements: one statement."""
    wanted = sorted(set(elements))
    if not wanted:
        return {}
    build = Builder(store.guard.searching)
    sql = (
        f"SELECT w.element, m.id FROM unnest({build.bind_array(wanted)}) AS w (element) "
        f"CROSS JOIN LATERAL (SELECT r.id FROM {table('resource', resource_type)} r "
        f"WHERE r.elements @> ARRAY[w.element] AND {where(build, And(()), resource_type, 'r')} "
        f"LIMIT {limit}) m"
    )
    found: dict[int, list[str]] = {}
    for element, id_ in store.database.point(sql, build.parameters):
        found.setdefault(element, []).append(id_)
    return found


def by_reference(store: Store, wanted: Iterable[tuple[str, str]], *, limit: int) -> list[Version]:
    """The current versions of these (type, id) pairs, without the absent ones."""
    ids: dict[str, set[str]] = {}
    for resource_type, resource_id in wanted:
        ids.setdefault(resource_type, set()).add(resource_id)
    if not ids:
        return []
    build = Builder(store.guard.reading, types=len(ids))
    sql = " UNION ALL ".join(
        f"SELECT {_name(t)}, {COLUMNS} FROM {table('resource', t)} r WHERE r.self = "
        f"ANY({build.bind_array(reference_self(t, i) for i in ids[t])}) "
        f"AND {where(build, And(()), t, 'r')}"
        for t in sorted(ids)
    )
    rows = store.database.read(f"{sql} LIMIT {limit}", build.parameters, prepare=False)
    found = (shown(store.guard, v) for v in map(_version, rows) if v.id in ids[v.type])
    return sorted(found, key=lambda v: v.place)


def by_version(
    store: Store, wanted: Iterable[tuple[str, str, int]], *, limit: int
) -> list[Version]:
    """The versions with these types, ids and numbers, without the absent ones and deletions."""
    names = set(wanted)
    if not names:
        return []
    build = Builder(store.guard.reading, types=2 * len(names))
    parts = []
    for t in sorted({name[0] for name in names}):
        own = [(reference_self(t, i), number) for type_, i, number in names if type_ == t]
        asked = (
            f"unnest({build.bind_array(s for s, _ in own)}, "
            f"{build.bind(array(n for _, n in own), 'int4[]')}) AS w (self, version)"
        )
        current, past = table("resource", t), table("history", t)
        parts += [
            f"SELECT {_name(t)}, {COLUMNS} FROM {asked} "
            f"JOIN {current} r ON r.self = w.self AND r.version = w.version "
            f"WHERE {seen(build, t, 'r')}",
            f"SELECT {_name(t)}, {COLUMNS} FROM {asked} JOIN {current} c ON c.self = w.self "
            f"JOIN {past} r ON r.key = c.key AND r.version = w.version "
            f"WHERE {seen(build, t, 'c')} AND {seen(build, t, 'r', is_past=True)}",
        ]
    rows = store.database.read(
        f"{' UNION ALL '.join(parts)} LIMIT {limit}", build.parameters, prepare=False
    )
    found = (shown(store.guard, _version(row)) for row in ready(rows, before=1))
    named = (v for v in found if not v.is_deleted and (v.type, v.id, v.version) in names)
    return sorted(named, key=lambda v: v.place)


def referring(store: Store, sources: Mapping[str, Sequence[int]], *, limit: int) -> list[Version]:
    """The current resources of each source type whose array holds any of the elements."""
    build = Builder(store.guard.reading, types=len(sources))
    sql = " UNION ALL ".join(
        f"SELECT {_name(t)}, {COLUMNS} FROM {table('resource', t)} r WHERE r.elements && "
        f"{build.bind_array(elements)} AND {where(build, And(()), t, 'r')}"
        for t, elements in sorted(sources.items())
        if elements
    )
    if not sql:
        return []
    rows = store.database.read(f"{sql} LIMIT {limit}", build.parameters, prepare=False)
    return sorted(
        (shown(store.guard, _version(row)) for row in ready(rows, before=1)), key=lambda v: v.place
    )


def types_in_use(database: Database, types: Sequence[str]) -> tuple[str, ...]:
    """The types among these that have any row."""
    sql = " UNION ALL ".join(
        f"SELECT {_name(t)} WHERE EXISTS (SELECT FROM {table('resource', t)})" for t in types
    )
    return tuple(row[0] for row in database.read(sql, prepare=False))


def _name(resource_type: str) -> str:
    return f"'{resource_type}'"


def _version(row: Sequence[Any]) -> Version:
    return version_of(row[0], row[1:])


def _hit(store: Store, row: Sequence[Any]) -> _Hit:
    version = shown(store.guard, version_of(row[0], row[2:]))
    return _Hit(version, Position(row[2 + WIDTH], tuple(row[3 + WIDTH :])))


def _comparison(query: Query, *, backwards: bool) -> Callable[[_Hit, _Hit], int]:
    """The order of the page, for rows that come from several statements."""
    directions = [s.descending for s in query.sort]
    directions.append(directions[-1] if directions else True)

    def compare(one: _Hit, other: _Hit) -> int:
        sign = -1 if backwards else 1
        if one.position.part != other.position.part:
            return sign if one.position.part > other.position.part else -sign
        for a, b, down in zip(one.position.values, other.position.values, directions, strict=True):
            if a is not None and b is not None and a != b:
                return sign if (a > b) != down else -sign
        return 0

    return compare
