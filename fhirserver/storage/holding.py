"""Versions that are about to be changed, whole, with what the caller may do with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fhirserver.search.hashing import reference_self
from fhirserver.search.query import And, Condition
from fhirserver.storage.database import Connection, execute
from fhirserver.storage.guard import Guard
from fhirserver.storage.rows import Version
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import meets, seen, where
from fhirserver.storage.store import Store
from fhirserver.storage.versions import COLUMNS, WIDTH, array, version_of


@dataclass(frozen=True, slots=True)
class Held:
    """The current version under a lock, whole, and what the caller may do with it."""

    version: Version
    is_there: bool
    may_update: bool
    may_delete: bool


def held(store: Store, resource_type: str, resource_id: str) -> Held | None:
    """The same without a lock, for a change that holds only if nobody is faster."""
    build, columns = _with_rights(store.guard, resource_type)
    rows = store.database.read(
        f"SELECT {columns} FROM {table('resource', resource_type)} r "
        "WHERE r.self = %(self)s AND r.id = %(id)s",
        {"self": reference_self(resource_type, resource_id), "id": resource_id} | build.parameters,
    )
    return _held(resource_type, rows[0]) if rows else None


def lock_current(
    connection: Connection,
    guard: Guard,
    resource_type: str,
    ids: Iterable[str],
    *,
    locks: bool = True,
) -> dict[str, Held]:
    """The current versions of these ids, locked until the transaction ends, always in one order.

    `locks=False` only looks at them.
    """
    selves = sorted(reference_self(resource_type, i) for i in ids)
    build, columns = _with_rights(guard, resource_type)
    rows = execute(
        connection,
        f"SELECT {columns} FROM {table('resource', resource_type)} r "
        f"WHERE r.self = ANY(%(selves)s::int8[]) {'ORDER BY r.self FOR UPDATE OF r' * locks}",
        {"selves": array(selves), **build.parameters},
    )
    return {row[0]: _held(resource_type, row) for row in rows}


def _with_rights(guard: Guard, resource_type: str) -> tuple[Builder, str]:
    """COLUMNS, and whether the row is there, may be updated, may be deleted."""
    build = Builder(guard.touching)
    conditions = (
        guard.touching(resource_type),
        guard.condition(resource_type, "u"),
        guard.condition(resource_type, "d"),
    )
    rights = ", ".join(f"({meets(build, c, resource_type, 'r')})" for c in conditions)
    return build, f"{COLUMNS}, {rights}"


def _held(resource_type: str, row: Sequence[Any]) -> Held:
    return Held(version_of(resource_type, row), *row[WIDTH : WIDTH + 3])


def meeting(
    connection: Connection,
    resource_type: str,
    keys: Iterable[int],
    condition: Condition,
    *,
    is_settled: bool,
) -> set[int]:
    """Which of the rows with these keys meet a condition, as this transaction sees them.

    `is_settled`: care relationships that the transaction itself makes don't count.
    """
    build = Builder(lambda _: condition, is_settled=is_settled)
    rows = execute(
        connection,
        f"SELECT r.key FROM {table('resource', resource_type)} r "
        f"WHERE r.key = ANY({build.bind_array(keys)}) AND {seen(build, resource_type, 'r')}",
        build.parameters,
        prepare=False,
    )
    return {row[0] for row in rows}


def there(
    connection: Connection, resource_type: str, ids: Iterable[str], condition: Condition
) -> set[str]:
    """Which of these ids have a current resource that met a condition before this transaction."""
    build = Builder(lambda _: condition, is_settled=True)
    wanted = set(ids)
    selves = build.bind_array(reference_self(resource_type, i) for i in wanted)
    rows = execute(
        connection,
        f"SELECT r.id FROM {table('resource', resource_type)} r WHERE r.self = ANY({selves}) "
        f"AND {where(build, And(()), resource_type, 'r')}",
        build.parameters,
        prepare=False,
    )
    return {row[0] for row in rows} & wanted
