"""What users sign in with: hashes of passwords, sealed seeds, public keys, accounts elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from fhirserver import ids
from fhirserver.errors import Conflict
from fhirserver.storage import epoch
from fhirserver.storage.database import Connection, Database, Stale, execute
from fhirserver.storage.sessions import end_inside
from fhirserver.storage.users import key_of, storable

Kind = Literal["password", "totp", "passkey", "external"]

_COLUMNS: Final = "id::text, user_id::text, kind, label, secret, external, counter, created, used"


@dataclass(frozen=True, slots=True)
class Credential:
    """A way to sign in; what `secret`, `external` and `counter` are depends on its kind."""

    id: str
    user_id: str
    kind: Kind
    label: str
    secret: bytes
    external: str | None
    counter: int
    created: datetime
    used: datetime | None


def credentials(database: Database, user_id: str, kind: Kind | None = None) -> list[Credential]:
    """The ways in that a user has, of one kind or of all, the oldest first."""
    rows = database.read(
        f"SELECT {_COLUMNS} FROM access.user_credential "
        "WHERE user_id = %s AND kind = coalesce(%s, kind) ORDER BY created, id",
        (key_of(user_id), kind),
    )
    return [_credential(row) for row in rows]


def by_external(database: Database, kind: Kind, external: str) -> Credential | None:
    """The passkey of that id, or the link to that account elsewhere."""
    rows = database.read(
        f"SELECT {_COLUMNS} FROM access.user_credential WHERE kind = %s AND external = %s",
        (kind, storable(external)),
    )
    return _credential(rows[0]) if rows else None


def password_hash(database: Database, user_id: str) -> str | None:
    """The hash of a user's password; None for who has none."""
    found = credentials(database, user_id, "password")
    return found[0].secret.decode() if found else None


def set_password(
    database: Database, user_id: str, password_hash: str, *, keep_session: str | None = None
) -> None:
    """Change a user's password, which ends their sessions, all but one that may be named.

    What apps were allowed in those sessions ends with them, offline access as well.
    """
    with database.transaction() as connection:
        _set(connection, user_id, "password", password_hash.encode(), 0)
        # Who is between two steps with the old password has to begin anew.
        execute(connection, "DELETE FROM access.begun WHERE user_id = %s", (key_of(user_id),))
        execute(
            connection,
            "UPDATE access.family SET revoked = now() WHERE user_id = %s AND revoked IS NULL "
            "AND client IS NOT NULL AND session IS DISTINCT FROM %s",
            (key_of(user_id), key_of(keep_session or "")),
        )
        end_inside(connection, user_id, but=keep_session)


def set_single(
    database: Database, user_id: str, kind: Kind, secret: bytes, *, counter: int = 0
) -> None:
    """Give a user what there is one of, in the place of an earlier one."""
    with database.transaction() as connection:
        _set(connection, user_id, kind, secret, counter)
        epoch.bump(connection)


def _set(connection: Connection, user_id: str, kind: Kind, secret: bytes, counter: int) -> None:
    execute(
        connection,
        "INSERT INTO access.user_credential (id, user_id, kind, secret, counter) "
        "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (user_id, kind) "
        "WHERE kind IN ('password', 'totp') DO UPDATE SET secret = excluded.secret, "
        "counter = excluded.counter, created = now(), used = NULL",
        (ids.new(), key_of(user_id), kind, secret, counter),
    )


def replace_hash(database: Database, user_id: str, old: str, new: str) -> None:
    """Store the same password hashed with today's parameters, unless it was changed meanwhile."""
    database.write(
        "UPDATE access.user_credential SET secret = %s "
        "WHERE user_id = %s AND kind = 'password' AND secret = %s",
        (new.encode(), key_of(user_id), old.encode()),
    )


def add(
    database: Database,
    user_id: str,
    kind: Kind,
    *,
    secret: bytes = b"",
    external: str | None = None,
    label: str = "",
    counter: int = 0,
) -> str:
    """Another way in; returns its id. Raises Conflict when it is somebody's already."""
    credential_id = ids.new()
    try:
        with database.transaction() as connection:
            execute(
                connection,
                "INSERT INTO access.user_credential "
                "(id, user_id, kind, secret, external, label, counter) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (credential_id, key_of(user_id), kind, secret, external, label[:100], counter),
            )
            epoch.bump(connection)
    except Stale as error:
        raise Conflict("this way to sign in is in use already") from error
    return credential_id


def use(database: Database, credential_id: str, counter: int, *, is_growing: bool = True) -> bool:
    """Put on record that it was used with this counter; False when that was no later one.

    `is_growing=False` is for passkeys that don't count, whose counter stays 0.
    """
    rows = database.write(
        "UPDATE access.user_credential SET counter = %s, used = now() "
        "WHERE id = %s AND (counter < %s OR NOT %s) RETURNING 1",
        (counter, key_of(credential_id), counter, is_growing),
    )
    return bool(rows)


def remove(database: Database, user_id: str, credential_id: str) -> bool:
    """Take a way in from a user; whether they had it."""
    with database.transaction() as connection:
        rows = execute(
            connection,
            "DELETE FROM access.user_credential WHERE id = %s AND user_id = %s RETURNING 1",
            (key_of(credential_id), key_of(user_id)),
        )
        epoch.bump(connection)
    return bool(rows)


def _credential(row: tuple[Any, ...]) -> Credential:
    credential_id, user_id, kind, label, secret, *rest = row
    return Credential(credential_id, user_id, kind, label, bytes(secret or b""), *rest)
