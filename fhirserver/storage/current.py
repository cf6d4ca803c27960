"""Reading versions by id, as far as they are there for the caller."""

from __future__ import annotations

from collections.abc import Sequence

from fhirserver.search.hashing import reference_self
from fhirserver.search.query import And
from fhirserver.storage.guard import shown
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen, where
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, version_of


def current(store: Store, resource_type: str, resource_id: str) -> Version | None:
    """The current version, which may be a deletion; None when it isn't there for the caller."""
    build = Builder(store.guard.reading)
    rows = store.database.read(
        f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
        f"WHERE r.self = %(self)s AND r.id = %(id)s AND {seen(build, resource_type, 'r')}",
        {
            "self": reference_self(resource_type, resource_id),
            "id": resource_id,
            **build.parameters,
        },
    )
    return shown(store.guard, version_of(resource_type, rows[0])) if rows else None


def present(store: Store, resource_type: str, ids: Sequence[str]) -> set[str]:
    """Which of these ids have a current version that isn't a deletion."""
    build = Builder(store.guard.reading)
    selves = build.bind_array(reference_self(resource_type, i) for i in ids)
    rows = store.database.read(
        f"SELECT r.id FROM {table('resource', resource_type)} r "
        f"WHERE r.self = ANY({selves}) AND {where(build, And(()), resource_type, 'r')}",
        build.parameters,
    )
    return {row[0] for row in rows} & set(ids)


def numbered(store: Store, resource_type: str, resource_id: str, version: int) -> Version | None:
    """One version by its number; None when there is none for the caller.

    Who may not see the resource as it is now, or as it was then, doesn't see the version.
    """
    newest = current(store, resource_type, resource_id)
    if newest is None or newest.version == version:
        return newest
    build = Builder(store.guard.reading)
    rows = store.database.read(
        f"SELECT {COLUMNS} FROM {table('history', resource_type)} r "
        "WHERE r.key = %(key)s AND r.version = %(version)s "
        f"AND {seen(build, resource_type, 'r', is_past=True)}",
        {"key": newest.key, "version": version, **build.parameters},
    )
    return shown(store.guard, version_of(resource_type, rows[0])) if rows else None
