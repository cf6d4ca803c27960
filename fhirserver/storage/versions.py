"""Versions as rows: their columns, their keys and times, and locks on what they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from fhirserver.storage.content import joined
from fhirserver.storage.database import Connection, Database, Rows, execute
from fhirserver.storage.rows import METHOD, Version
from fhirserver.storage.sealed_content import fetch_keys

COLUMNS = (
    "r.id, r.key, r.version, r.updated, r.method::text, r.meta::text, "
    "coalesce(r.exact, r.content::text)"
)
# How many columns those are.
WIDTH = 7
# As advisory locks on conditions are digests, this is none of them, as far as 64 bits tell.
_EVERY_CONDITION: Final = 7_283_910_448


def ready(rows: Rows, *, before: int = 0) -> Rows:
    """Rows of COLUMNS, with `before` other columns in front, to be made values together.

    What is sealed in them can be opened then, without a statement for each.
    """
    fetch_keys(row[before + WIDTH - 1] for row in rows)
    return rows


def version_of(resource_type: str, row: Sequence[Any]) -> Version:
    """A row of COLUMNS as a value."""
    id_, key, version, updated, method, meta, rest = row[:WIDTH]
    content = None if rest is None else joined(resource_type, id_, version, updated, meta, rest)
    return Version(resource_type, id_, key, version, updated, METHOD[method], content)


def lock_conditions(connection: Connection, keys: Iterable[int], *, most: int = 1_000) -> None:
    """Hold these advisory locks until the transaction ends; taken in order, so nobody deadlocks.

    Who needs more than `most` holds one that stands for all of them.
    """
    wanted = sorted(set(keys))
    if len(wanted) > most:
        execute(connection, "SELECT pg_advisory_xact_lock(%s::int8)", (_EVERY_CONDITION,))
        return
    execute(
        connection,
        "SELECT CASE nr WHEN 1 THEN pg_advisory_xact_lock_shared(k) "
        "ELSE pg_advisory_xact_lock(k) END "
        "FROM (SELECT k, nr FROM unnest(%s::int8[]) WITH ORDINALITY AS u (k, nr) ORDER BY nr) s",
        (array([_EVERY_CONDITION, *wanted]),),
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
