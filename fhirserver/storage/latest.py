"""The latest resources of each value of an element, in one statement however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fhirserver.search.hashing import number
from fhirserver.search.query import And, Query
from fhirserver.storage.chains import with_chains_found
from fhirserver.storage.guard import shown
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import ordered, table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import where
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, ready, version_of


@dataclass(frozen=True, slots=True)
class Latest:
    """A resource by its key: the element's JSON, and when it was (microseconds since 1970)."""

    key: int
    value: str
    at: int | None


def latest_of_each(
    store: Store, query: Query, *, element: str, date: str, count: int
) -> list[Latest]:
    """Of the matches with the same JSON in a top-level element the latest `count`, newest first.

    `date` is the search parameter that says when. Those of the same time as the last come, too;
    those without a time come last.
    """
    (resource_type,) = query.types
    query = with_chains_found(store, query)
    build = Builder(store.guard.searching)
    rows = store.database.read(
        f"""
SELECT key, value::text, at FROM (
  SELECT r.key, r.value, o.low AS at, rank() OVER (
    PARTITION BY r.value
    ORDER BY o.low DESC NULLS LAST, CASE WHEN o.low IS NULL THEN r.key END DESC) AS place
  FROM (SELECT r.key, r.content -> {build.bind(element, "text")} AS value
        FROM {table("resource", resource_type)} r
        WHERE {where(build, query.condition, resource_type, "r")} OFFSET 0) r
  LEFT JOIN {ordered("date", resource_type)} o
    ON o.key = r.key AND o.param = {build.bind(number(date), "int4")} AND o.first
       AND o.token IS NULL) ranked
WHERE place <= {build.bind(count, "int4")}
ORDER BY at DESC NULLS LAST, key DESC""",
        build.parameters,
        prepare=False,
    )
    return [Latest(row[0], row[1] or "null", row[2]) for row in rows]


def by_key(store: Store, resource_type: str, keys: Iterable[int]) -> dict[int, Version]:
    """The current versions with these keys, without those that were deleted meanwhile."""
    build = Builder(store.guard.searching)
    rows = store.database.read(
        f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
        f"WHERE r.key = ANY({build.bind_array(keys)}) "
        f"AND {where(build, And(()), resource_type, 'r')}",
        build.parameters,
        prepare=False,
    )
    found = (shown(store.guard, version_of(resource_type, row)) for row in ready(rows))
    return {v.key: v for v in found}
