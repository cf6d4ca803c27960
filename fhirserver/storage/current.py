"""Reading versions by id, as far as they are there for the caller."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from fhirserver.search.hashing import reference_self
from fhirserver.search.query import And
from fhirserver.storage.guard import Guard, shown
from fhirserver.storage.ready import Ready, as_int, as_text, as_time, int8, ready
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen, where
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, version_of


def current(store: Store, resource_type: str, resource_id: str) -> Version | None:
    """The current version, which may be a deletion; None when it isn't there for the caller."""
    statement, sql, parameters = _by_id(_Same(store.guard), resource_type)
    self = reference_self(resource_type, resource_id)
    values = (
        None
        if statement is None
        else store.database.ready(statement, (int8(self), resource_id.encode()))
    )
    if values is None:
        rows = store.database.point(sql, {"self": self, "id": resource_id, **parameters})
    else:
        rows = [tuple(read(v) for read, v in zip(_READ, row, strict=True)) for row in values]
    return shown(store.guard, version_of(resource_type, rows[0])) if rows else None


# What the values of COLUMNS are read by.
_READ: Final = (as_text, as_int, as_int, as_time, as_text, as_text, as_text)


class _Same:
    """A guard that is told from others by being itself: what it says doesn't change."""

    __slots__ = ("guard",)

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def __hash__(self) -> int:
        return id(self.guard)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.guard is other.guard


@lru_cache(maxsize=4_096)
def _by_id(of: _Same, resource_type: str) -> tuple[Ready | None, str, dict[str, Any]]:
    """The statement that reads one resource, as its guard lets it be seen; ready, if it can be."""
    build = Builder(of.guard.reading, is_single=True)
    sql = (
        f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
        f"WHERE r.self = %(self)s AND r.id = %(id)s AND {seen(build, resource_type, 'r')}"
    )
    return ready(sql, ("self", "id"), build.parameters), sql, build.parameters


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
    rows = store.database.point(
        f"SELECT {COLUMNS} FROM {table('history', resource_type)} r "
        "WHERE r.key = %(key)s AND r.version = %(version)s "
        f"AND {seen(build, resource_type, 'r', is_past=True)}",
        {"key": newest.key, "version": version, **build.parameters},
    )
    return shown(store.guard, version_of(resource_type, rows[0])) if rows else None
