"""Which files the DICOM record knows, to tell what the disk has and hasn't."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

from fhirserver.storage.database import Database

AT_ONCE: Final = 2000

_OBJECTS: Final = (
    "SELECT object FROM (SELECT object FROM dicom.instance WHERE object > %(after)s "
    "ORDER BY object LIMIT %(limit)s) i UNION ALL SELECT object FROM (SELECT object "
    "FROM dicom.conflict WHERE object > %(after)s ORDER BY object LIMIT %(limit)s) c "
    "ORDER BY object LIMIT %(limit)s"
)


def objects(database: Database) -> Iterator[UUID]:
    """The names of all files that there should be, in order: as old as they are."""
    after = UUID(int=0)
    while rows := database.read(_OBJECTS, {"after": after, "limit": AT_ONCE}):
        for row in rows:
            yield row[0]
        after = rows[-1][0]


def known(database: Database, objects_: Collection[UUID]) -> set[UUID]:
    """Which of these there are rows of."""
    rows = database.read(
        "SELECT object FROM dicom.instance WHERE object = ANY(%(objects)s::uuid[]) UNION ALL "
        "SELECT object FROM dicom.conflict WHERE object = ANY(%(objects)s::uuid[])",
        {"objects": list(objects_)},
    )
    return {row[0] for row in rows}


def destroy_unused_keys(database: Database, purpose: str) -> int:
    """Destroy the keys of studies that never came to be, or are gone, a day old; how many."""
    rows = database.write(
        "UPDATE keys.data d SET wrapped = NULL, destroyed = clock_timestamp() "
        "WHERE d.purpose = %s AND d.wrapped IS NOT NULL AND d.made < now() - interval '1 day' "
        "AND NOT EXISTS (SELECT FROM dicom.study s WHERE s.key = d.id) RETURNING 1",
        (purpose,),
    )
    return len(rows)
