"""Wrapped keys in tables: nothing here can be read without the master key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fhirserver.keys.keyring import DataKey, WrappingKey
from fhirserver.keys.provider import Wrapped
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.schema import table

_DATA: Final = "d.id, d.purpose, d.owner, d.wrapping, d.wrapped"


@dataclass(frozen=True, slots=True)
class Standing:
    """A wrapping key, when it was made, and how many data keys are under it."""

    key: WrappingKey
    made: datetime
    data_keys: int


class KeyTables:
    """A keys.keyring.KeyRows over the schema `keys`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def wrapping_keys(self) -> Sequence[WrappingKey]:
        rows = self.database.read(
            "SELECT w.id, w.provider, w.version, w.wrapped FROM keys.wrapping w "
            "ORDER BY w.made DESC, w.id"
        )
        return [_wrapping(row) for row in rows]

    def add_wrapping_key(self, key: WrappingKey) -> None:
        self.database.write_aside(
            "INSERT INTO keys.wrapping (id, provider, version, wrapped) VALUES (%s, %s, %s, %s)",
            (key.id, key.provider, key.wrapped.version, key.wrapped.data),
        )

    def data_key(self, id_: UUID) -> DataKey | None:
        rows = self.database.read(f"SELECT {_DATA} FROM keys.data d WHERE d.id = %s", (id_,))
        return _data(rows[0]) if rows else None

    def data_keys(self, ids: Collection[UUID]) -> Sequence[DataKey]:
        rows = self.database.read(
            f"SELECT {_DATA} FROM keys.data d WHERE d.id = ANY(%s::uuid[])", (list(ids),)
        )
        return [_data(row) for row in rows]

    def data_key_for(self, purpose: str, owner: int | None) -> DataKey | None:
        rows = self.database.read(
            f"SELECT {_DATA} FROM keys.data d WHERE d.shared AND d.wrapped IS NOT NULL "
            "AND d.purpose = %s AND coalesce(d.owner, 0) = coalesce(%s::int8, 0)",
            (purpose, owner),
        )
        return _data(rows[0]) if rows else None

    def add_data_key(self, key: DataKey, *, shared: bool) -> bool:
        # The lock keeps the wrapping key from being removed until this row is there.
        rows = self.database.write_aside(
            "INSERT INTO keys.data (id, purpose, owner, wrapping, wrapped, shared) "
            "SELECT %s, %s, %s, w.id, %s, %s FROM keys.wrapping w WHERE w.id = %s FOR SHARE "
            "ON CONFLICT DO NOTHING RETURNING 1",
            (key.id, key.purpose, key.owner, key.wrapped, shared, key.wrapping),
        )
        return bool(rows)

    def standing(self) -> list[Standing]:
        """All wrapping keys, the newest first, and what is under them."""
        rows = self.database.read(
            "SELECT w.id, w.provider, w.version, w.wrapped, w.made, "
            "(SELECT count(*) FROM keys.data d WHERE d.wrapping = w.id AND d.wrapped IS NOT NULL) "
            "FROM keys.wrapping w ORDER BY w.made DESC, w.id"
        )
        return [Standing(_wrapping(row), row[4], row[5]) for row in rows]

    def destroyed(self) -> int:
        """How many data keys were destroyed."""
        sql = "SELECT count(*) FROM keys.data WHERE wrapped IS NULL"
        return int(self.database.read(sql)[0][0])

    def all_data_keys(self, *, at_once: int = 1000) -> Iterator[list[DataKey]]:
        """Every data key, those destroyed too, in pieces."""
        last = UUID(int=0)
        while rows := self.database.read(
            f"SELECT {_DATA} FROM keys.data d WHERE d.id > %s ORDER BY d.id LIMIT %s",
            (last, at_once),
        ):
            found = [_data(row) for row in rows]
            yield found
            last = found[-1].id

    def destroy(self, ids: Collection[UUID]) -> int:
        """Destroy data keys by their ids; how many there were."""
        return len(
            self.database.write(f"{_DESTROY} d.id = ANY(%s::uuid[]) {_IF_THERE}", (list(ids),))
        )

    def remove_wrapping_keys(self, ids: Collection[UUID]) -> list[UUID]:
        """Remove those of these wrapping keys that nothing is under any more."""
        wanted = (list(ids),)
        with self.database.transaction() as connection:
            # Whoever is putting a data key under one of them is waited for, and then seen.
            execute(
                connection,
                "SELECT FROM keys.wrapping w WHERE w.id = ANY(%s::uuid[]) ORDER BY w.id FOR UPDATE",
                wanted,
            )
            rows = execute(
                connection,
                "DELETE FROM keys.wrapping w WHERE w.id = ANY(%s::uuid[]) AND NOT EXISTS "
                "(SELECT FROM keys.data d WHERE d.wrapping = w.id AND d.wrapped IS NOT NULL) "
                "RETURNING w.id",
                wanted,
            )
        return [row[0] for row in rows]


_DESTROY: Final = "UPDATE keys.data d SET wrapped = NULL, destroyed = clock_timestamp() WHERE"
_IF_THERE: Final = "AND d.wrapped IS NOT NULL RETURNING 1"


def destroy_of_owner(connection: Connection, owner: int) -> int:
    """Destroy all keys of a patient: what was sealed with them is lost for good.

    So are their Binaries that were nobody's when they were written, and have keys of their own.
    """
    theirs = f"SELECT b.self FROM {table('resource', 'Binary')} b WHERE b.owner = %(owner)s"
    return len(
        execute(
            connection,
            f"{_DESTROY} (d.owner = %(owner)s OR d.owner IN ({theirs})) {_IF_THERE}",
            {"owner": owner},
        )
    )


def lock_data_keys_elsewhere(connection: Connection, newest: UUID, *, limit: int) -> list[DataKey]:
    """Some data keys that aren't under this wrapping key yet, locked."""
    rows = execute(
        connection,
        f"SELECT {_DATA} FROM keys.data d WHERE d.wrapping <> %s AND d.wrapped IS NOT NULL "
        "ORDER BY d.id LIMIT %s FOR UPDATE",
        (newest, limit),
    )
    return [_data(row) for row in rows]


def put_data_keys(connection: Connection, keys: Sequence[DataKey]) -> None:
    """Replace how these data keys are wrapped."""
    execute(
        connection,
        "UPDATE keys.data d SET wrapping = n.wrapping, wrapped = n.wrapped "
        "FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[]) AS n (id, wrapping, wrapped) "
        "WHERE d.id = n.id AND d.wrapped IS NOT NULL",
        ([k.id for k in keys], [k.wrapping for k in keys], [k.wrapped for k in keys]),
    )


def _wrapping(row: Sequence[Any]) -> WrappingKey:
    return WrappingKey(row[0], row[1], Wrapped(row[2], bytes(row[3])))


def _data(row: Sequence[Any]) -> DataKey:
    id_, purpose, owner, wrapping, wrapped = row
    return DataKey(id_, purpose, owner, wrapping, None if wrapped is None else bytes(wrapped))
