"""Whose data an export holds: each patient once, however many files have something of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from fhirserver.storage.database import Connection, execute
from fhirserver.storage.schema import table
from fhirserver.storage.versions import array

AT_ONCE: Final = 500


def note(connection: Connection, job: UUID, owners: Iterable[int]) -> None:
    """An export has something of these patients, by the digests of their addresses."""
    execute(
        connection,
        "INSERT INTO jobs.disclosed (job, owner) SELECT %s, unnest(%s::int8[]) "
        "ON CONFLICT DO NOTHING",
        (job, array(sorted(owners))),
    )


def patients(connection: Connection, job: UUID) -> Iterator[list[str]]:
    """The ids of all patients that an export has something of, some at a time."""
    after = -(2**63)
    while True:
        rows = execute(
            connection,
            "SELECT d.owner, p.id FROM (SELECT owner FROM jobs.disclosed WHERE job = %s "
            "AND owner > %s ORDER BY owner LIMIT %s) d "
            f"LEFT JOIN {table('resource', 'Patient')} p ON p.self = d.owner ORDER BY d.owner",
            (job, after, AT_ONCE),
        )
        if not rows:
            return
        # A patient who was erased meanwhile has no id any more.
        if some := [row[1] for row in rows if row[1] is not None]:
            yield some
        after = rows[-1][0]
