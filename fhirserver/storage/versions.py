"""Reading versions: the current one, a given one, and the current ones under a lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from fhirserver.search.hashing import reference_self
from fhirserver.storage.content import joined
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.rows import METHOD, Version
from fhirserver.storage.schema import table

COLUMNS = (
    "r.id, r.key, r.version, r.updated, r.method::text, r.meta::text, "
    "coalesce(r.exact, r.content::text)"
)
# How many columns those are.
WIDTH = 7


def version_of(resource_type: str, row: Sequence[Any]) -> Version:
    """A row of COLUMNS as a value."""
    id_, key, version, updated, method, meta, rest = row[:WIDTH]
    content = None if rest is None else joined(resource_type, id_, version, updated, meta, rest)
    return Version(resource_type, id_, key, version, updated, METHOD[method], content)


def current(database: Database, resource_type: str, resource_id: str) -> Version | None:
    """The current version, which may be a deletion; None when the id was never used."""
    rows = database.read(
        f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
        "WHERE r.self = %s AND r.id = %s",
        (reference_self(resource_type, resource_id), resource_id),
    )
    return version_of(resource_type, rows[0]) if rows else None


def present(database: Database, resource_type: str, ids: Sequence[str]) -> set[str]:
    """Which of these ids have a current version that isn't a deletion."""
    rows = database.read(
        f"SELECT r.id FROM {table('resource', resource_type)} r "
        "WHERE r.self = ANY(%s::int8[]) AND NOT r.deleted",
        (array(reference_self(resource_type, i) for i in ids),),
    )
    return {row[0] for row in rows} & set(ids)


def numbered(
    database: Database, resource_type: str, resource_id: str, version: int
) -> Version | None:
    """One version by its number; None when there is none."""
    newest = current(database, resource_type, resource_id)
    if newest is None or newest.version == version:
        return newest
    rows = database.read(
        f"SELECT {COLUMNS} FROM {table('history', resource_type)} r "
        "WHERE r.key = %s AND r.version = %s",
        (newest.key, version),
    )
    return version_of(resource_type, rows[0]) if rows else None


def lock_current(
    connection: Connection, resource_type: str, ids: Iterable[str]
) -> dict[str, Version]:
    """The current versions of these ids, locked until the transaction ends, always in one order."""
    selves = sorted(reference_self(resource_type, i) for i in ids)
    rows = execute(
        connection,
        f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
        "WHERE r.self = ANY(%s::int8[]) ORDER BY r.self FOR UPDATE",
        (array(selves),),
    )
    return {row[0]: version_of(resource_type, row) for row in rows}


def lock_conditions(connection: Connection, keys: Iterable[int]) -> None:
    """Hold these advisory locks until the transaction ends; taken in order, so nobody deadlocks."""
    execute(
        connection,
        "SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest(%s::int8[]) AS k ORDER BY 1) AS s",
        (array(sorted(set(keys))),),
    )


def reserve(connection: Connection | Database, count: int) -> tuple[datetime, list[int]]:
    """The database's time, and `count` fresh keys in rising order."""
    sql = (
        "SELECT date_trunc('milliseconds', clock_timestamp()), nextval('fhir.resource_key') "
        "FROM generate_series(1, %s)"
    )
    parameters = (max(count, 1),)
    rows = (
        connection.read(sql, parameters)
        if isinstance(connection, Database)
        else execute(connection, sql, parameters)
    )
    return rows[0][0], [row[1] for row in rows]


def following(now: datetime, previous: datetime | None) -> datetime:
    """When the next version is last updated: now, but always later than the version before it."""
    if previous is None or now > previous:
        return now
    return previous + timedelta(milliseconds=1)


def array(numbers: Iterable[int]) -> str:
    """An int8[] literal.

    >>> array([3, -1])
    '{3,-1}'
    """
    return "{" + ",".join(map(str, numbers)) + "}"
