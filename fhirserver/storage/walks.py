"""A walk over resources of many types: type by type, in the order of their keys, a page at a time.

A key never changes, and new ones are greater: what was there when a walk began is met once, however
many pages it takes and whatever is written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fhirserver.search.hashing import reference_self
from fhirserver.search.query import And, Condition
from fhirserver.storage.guard import shown
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import where
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, ready, version_of


class Place(NamedTuple):
    """Where a walk has come to."""

    type: str
    key: int


def walk(
    store: Store, wanted: Mapping[str, Condition], *, after: Place | None, limit: int
) -> list[Version]:
    """Up to `limit` current resources that meet the condition of their type, in one statement.

    The types come in the order of the mapping; those before the type of `after`, which must be one
    of them, are done.
    """
    types = list(wanted)
    done = 0 if after is None else types.index(after.type)
    build = Builder(store.guard.searching, types=len(types))
    places, contents = [], []
    for number, t in enumerate(types[done:]):
        # A fence: the planner would rather walk the keys until the page is full.
        found = (
            f"SELECT r.key FROM {table('resource', t)} r "
            f"WHERE {where(build, wanted[t], t, 'r')} OFFSET 0"
        )
        later = ""
        if after is not None and after.type == t:
            later = f"WHERE m.key > {build.bind(after.key, 'int8')} "
        places.append(
            f"(SELECT {number} AS t, m.key FROM ({found}) m {later}ORDER BY m.key LIMIT {limit})"
        )
        contents.append(
            f"SELECT f.t, '{t}', {COLUMNS} FROM found f "
            f"JOIN {table('resource', t)} r ON r.key = f.key WHERE f.t = {number}"
        )
    if not places:
        return []
    rows = store.database.read(
        f"WITH found AS MATERIALIZED (SELECT * FROM ({' UNION ALL '.join(places)}) p "
        f"ORDER BY t, key LIMIT {limit}) "
        f"{' UNION ALL '.join(contents)}",
        build.parameters,
        prepare=False,
    )
    versions = [
        (row[0], shown(store.guard, version_of(row[1], row[2:]))) for row in ready(rows, before=2)
    ]
    return [v for _, v in sorted(versions, key=lambda n: (n[0], n[1].key))]


def of_owner(
    store: Store, wanted: Iterable[tuple[str, str]], owner: int | None, *, limit: int
) -> list[Version]:
    """The current versions of these (type, id) pairs that are nobody's, or the owner's."""
    ids: dict[str, set[str]] = {}
    for resource_type, resource_id in wanted:
        ids.setdefault(resource_type, set()).add(resource_id)
    if not ids:
        return []
    build = Builder(store.guard.reading, types=len(ids))
    whose = "r.owner IS NULL"
    if owner is not None:
        whose = f"({whose} OR r.owner = {build.bind(owner, 'int8')})"
    sql = " UNION ALL ".join(
        f"SELECT '{t}', {COLUMNS} FROM {table('resource', t)} r WHERE r.self = "
        f"ANY({build.bind_array(reference_self(t, i) for i in ids[t])}) "
        f"AND {where(build, And(()), t, 'r')} AND {whose}"
        for t in sorted(ids)
    )
    rows = store.database.read(f"{sql} LIMIT {limit}", build.parameters, prepare=False)
    found = (shown(store.guard, version_of(row[0], row[1:])) for row in ready(rows, before=1))
    return sorted((v for v in found if v.id in ids[v.type]), key=lambda v: v.place)
