"""What the database knows of binary objects; their bytes are files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fhirserver.storage.database import Connection, Database, execute


@dataclass(frozen=True, slots=True)
class BlobRow:
    """An object of `size` bytes. Its key has the same id; `digest` is sealed with it."""

    id: UUID
    size: int
    digest: bytes


def add(target: Connection | Database, row: BlobRow) -> None:
    """From now on, or from the end of the transaction, the object is there."""
    sql = "INSERT INTO fhir.blob (id, size, digest) VALUES (%s, %s, %s)"
    values = (row.id, row.size, row.digest)
    if isinstance(target, Database):
        target.write(sql, values)
    else:
        execute(target, sql, values)


def find(database: Database, id_: UUID) -> BlobRow | None:
    """What is known of an object."""
    rows = database.read("SELECT id, size, digest FROM fhir.blob WHERE id = %s", (id_,))
    return BlobRow(rows[0][0], rows[0][1], bytes(rows[0][2])) if rows else None


def remove(database: Database, id_: UUID) -> bool:
    """Forget an object and destroy its key, so that its bytes mean nothing any more."""
    with database.transaction() as connection:
        rows = execute(connection, "DELETE FROM fhir.blob WHERE id = %s RETURNING 1", (id_,))
        execute(connection, _DESTROY, ([id_],))
    return bool(rows)


def known(database: Database, ids: list[UUID]) -> set[UUID]:
    """Which of these there are."""
    rows = database.read("SELECT id FROM fhir.blob WHERE id = ANY(%s::uuid[])", (ids,))
    return {row[0] for row in rows}


def erased(database: Database) -> list[UUID]:
    """Those whose key was destroyed with a patient's."""
    rows = database.read(
        "SELECT b.id FROM fhir.blob b JOIN keys.data d ON d.id = b.id WHERE d.wrapped IS NULL"
    )
    return [row[0] for row in rows]


def destroy_strays(database: Database, ids: list[UUID]) -> None:
    """Destroy the keys of objects that never came to be."""
    database.write(f"{_DESTROY} AND NOT EXISTS (SELECT FROM fhir.blob b WHERE b.id = d.id)", (ids,))


def destroy_unused(database: Database, purpose: str) -> None:
    """The same for those that nothing is left of but a key, for a day."""
    database.write(
        "UPDATE keys.data d SET wrapped = NULL, destroyed = clock_timestamp() "
        "WHERE d.purpose = %s AND d.wrapped IS NOT NULL AND d.made < now() - interval '1 day' "
        "AND NOT EXISTS (SELECT FROM fhir.blob b WHERE b.id = d.id)",
        (purpose,),
    )


_DESTROY: Final = (
    "UPDATE keys.data d SET wrapped = NULL, destroyed = clock_timestamp() "
    "WHERE d.id = ANY(%s::uuid[]) AND d.wrapped IS NOT NULL"
)
