"""Reading all of a type as it was at a moment, a portion at a time, for bulk exports.

https://hl7.org/fhir/uv/bulkdata/export.html

A resource that has changed since the moment is given in the version of that time, so that all files
of an export are of one time, however long it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast

from fhirserver.search.hashing import reference_self
from fhirserver.search.query import And, Condition, Query
from fhirserver.storage.chains import chains_found
from fhirserver.storage.guard import shown
from fhirserver.storage.past import COLUMNS_THEN, among
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen, where
from fhirserver.storage.search_sql.pages import Wanted
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, WIDTH, ready, version_of

AT_ONCE: Final = 1_000
SECONDS: Final = 300.0

_EVERYTHING: Final = And(())


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a type: resources that were last changed in (since, until), as at `moment`.

    `owners`: of any patient, or only of those with these digests; None: of patients or not.
    `until` leaves out what changed at that time or later.
    """

    type: str
    moment: datetime
    condition: Condition = _EVERYTHING
    owners: Literal["any"] | frozenset[int] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, updated: datetime, owner: int | None) -> bool:
        """Whether a version of that time and owner is among what is read."""
        return (
            updated <= self.moment
            and (self.since is None or updated > self.since)
            and (self.until is None or updated < self.until)
            and (
                self.owners is None
                or (owner is not None if self.owners == "any" else owner in self.owners)
            )
        )


def stream(
    store: Store, wanted: Reading, *, after: int, limit: int, owners: set[int]
) -> Iterator[list[Version]]:
    """Up to `limit` resources with keys after this one, and those changed since among their keys.

    Portions in the order of the keys; what has changed since comes last. Whose they are is put
    into `owners`.
    """
    keys: set[int] = set()
    last = after
    for rows in _current(store, wanted, after, limit):
        versions = [shown(store.guard, version_of(wanted.type, row)) for row in ready(rows)]
        owners.update(cast("int", row[WIDTH]) for row in rows if row[WIDTH] is not None)
        keys.update(v.key for v in versions)
        last = versions[-1].key
        yield versions
    upto = last if len(keys) == limit else None
    changed = _changed(store, wanted, after, upto)
    for start in range(0, len(changed), AT_ONCE):
        then = as_at(store, wanted, changed[start : start + AT_ONCE], owners)
        # What changed between the two statements is in both.
        if left := [v for v in then if v.key not in keys]:
            yield left


def as_at(store: Store, wanted: Reading, keys: Sequence[int], owners: set[int]) -> list[Version]:
    """The versions at the moment of resources that have changed since; whose they are."""
    build = Builder(store.guard.searching)
    now = seen(build, wanted.type, "c")
    rows = store.database.read(
        f"SELECT DISTINCT ON (r.key) {COLUMNS_THEN} FROM {table('history', wanted.type)} r "
        f"JOIN {table('resource', wanted.type)} c ON c.key = r.key AND {now} "
        f"WHERE r.key = ANY({build.bind_array(keys)}) "
        f"AND r.updated <= {build.bind(wanted.moment, 'timestamptz')} "
        "ORDER BY r.key, r.version DESC",
        build.parameters,
        prepare=False,
    )
    then = [row for row in rows if row[7] is not None and wanted.takes(row[3], row[5])]
    if not then:
        return []
    query = Query((wanted.type,), _resolved(store, wanted))
    found = among(store, query, wanted.type, Wanted(len(then)), then)
    versions = [shown(store.guard, version_of(row[0], row[2:])) for row in ready(found, before=2)]
    known = {v.key for v in versions}
    owners.update(row[5] for row in then if row[5] is not None and row[0] in known)
    return versions


def gone(store: Store, wanted: Reading, *, after: int, limit: int) -> list[tuple[int, str]]:
    """Keys and ids of resources that were deleted in the time, and whose the caller may know."""
    build = Builder(store.guard.searching)
    rows = store.database.read(
        f"SELECT r.key, r.id FROM {table('resource', wanted.type)} r WHERE r.deleted "
        f"AND r.key > {build.bind(after, 'int8')} AND {_in_time(build, wanted)} "
        f"AND {seen(build, wanted.type, 'r')} ORDER BY r.key LIMIT {limit}",
        build.parameters,
        prepare=False,
    )
    return [(row[0], row[1]) for row in rows]


def supporting(store: Store, wanted: Reading, ids: Sequence[str]) -> list[Version]:
    """Those of a type with these ids that belong to no patient, as at the moment."""
    build = Builder(store.guard.reading)
    selves = build.bind_array(reference_self(wanted.type, i) for i in ids)
    rows = store.database.read(
        f"SELECT {COLUMNS} FROM {table('resource', wanted.type)} r WHERE r.self = ANY({selves}) "
        f"AND r.owner IS NULL AND {where(build, _EVERYTHING, wanted.type, 'r')}",
        build.parameters,
        prepare=False,
    )
    found = [shown(store.guard, version_of(wanted.type, row)) for row in ready(rows)]
    changed = [v.key for v in found if v.updated > wanted.moment]
    now = [v for v in found if wanted.takes(v.updated, None)]
    return now + (as_at(store, wanted, changed, set()) if changed else [])


def _current(
    store: Store, wanted: Reading, after: int, limit: int
) -> Iterator[list[tuple[object, ...]]]:
    build = Builder(store.guard.searching)
    source = table("resource", wanted.type)
    condition = _resolved(store, wanted)
    found = f"{_in_time(build, wanted)} AND {where(build, condition, wanted.type, 'r')}"
    beyond = build.bind(after, "int8")
    if condition == _EVERYTHING and wanted.owners is None:
        sql = (
            f"SELECT {COLUMNS}, r.owner FROM {source} r WHERE r.key > {beyond} AND {found} "
            f"ORDER BY r.key LIMIT {limit}"
        )
    else:
        # A fence: the planner would rather walk the keys until the portion is full.
        sql = (
            f"SELECT {COLUMNS}, r.owner FROM (SELECT m.key FROM (SELECT r.key FROM {source} r "
            f"WHERE {found} OFFSET 0) m WHERE m.key > {beyond} ORDER BY m.key LIMIT {limit}) k "
            f"JOIN {source} r ON r.key = k.key ORDER BY k.key"
        )
    yield from store.database.stream(sql, build.parameters, at_once=AT_ONCE, seconds=SECONDS)


def _changed(store: Store, wanted: Reading, after: int, upto: int | None) -> list[int]:
    """Keys of what has changed since the moment, whoever may see it."""
    rows = store.database.read(
        "SELECT DISTINCT c.key FROM fhir.change c WHERE c.updated > %(moment)s "
        "AND c.type = %(type)s AND c.version > 1 AND c.key > %(after)s "
        "AND (%(upto)s::int8 IS NULL OR c.key <= %(upto)s::int8) ORDER BY c.key",
        {"moment": wanted.moment, "type": wanted.type, "after": after, "upto": upto},
        prepare=False,
    )
    return [row[0] for row in rows]


def _resolved(store: Store, wanted: Reading) -> Condition:
    return chains_found(store, wanted.condition, (wanted.type,))


def _in_time(build: Builder, wanted: Reading) -> str:
    sql = f"r.updated <= {build.bind(wanted.moment, 'timestamptz')}"
    if wanted.since is not None:
        sql += f" AND r.updated > {build.bind(wanted.since, 'timestamptz')}"
    if wanted.until is not None:
        sql += f" AND r.updated < {build.bind(wanted.until, 'timestamptz')}"
    if wanted.owners == "any":
        sql += " AND r.owner IS NOT NULL"
    elif wanted.owners is not None:
        sql += f" AND r.owner = ANY({build.bind_array(sorted(wanted.owners))})"
    return sql
