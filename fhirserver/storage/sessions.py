"""Sessions of people who have signed in.

The browser holds a random token, the row its SHA-256. `id` is another number, for lists and for
the authorizations that hang on a session: who knows it can't be taken for the user.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fhirserver import ids
from fhirserver.storage import epoch
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.users import ACCOUNT, Account, account_of, key_of

# How exactly it is known when a session was last used.
SEEN_SECONDS: Final = 20
_COLUMNS: Final = "id::text, user_id::text, methods, started, seen, authenticated, address, agent"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: without use, and at most."""

    idle_seconds: int
    absolute_seconds: int


@dataclass(frozen=True, slots=True)
class Session:
    """A session that goes on. `authenticated` is when the user last proved who they are."""

    id: str
    user_id: str
    methods: tuple[str, ...]
    started: datetime
    seen: datetime
    authenticated: datetime
    address: str
    agent: str


def start(
    database: Database,
    user_id: str,
    methods: Sequence[str],
    *,
    address: str = "",
    agent: str = "",
) -> str:
    """A new session; returns the token for the cookie."""
    token = secrets.token_urlsafe(32)
    database.write(
        "INSERT INTO access.session (id, hash, user_id, methods, address, agent) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (ids.new(), digest(token), key_of(user_id), list(methods), address, agent[:200]),
    )
    return token


def live(database: Database, token: str, limits: Limits) -> tuple[Session, Account] | None:
    """The session of a token and its user, as they are this moment.

    None when it has ended, was idle or lasted too long, or the user is disabled.
    """
    rows = database.read(
        f"SELECT {_of('s', _COLUMNS)}, now() - s.seen > %s, {_of('u', ACCOUNT)} "
        'FROM access.session s JOIN access."user" u ON u.id = s.user_id '
        "WHERE s.hash = %s AND s.ended IS NULL AND u.is_active "
        "AND s.seen > now() - %s AND s.started > now() - %s",
        (
            timedelta(seconds=SEEN_SECONDS),
            digest(token),
            timedelta(seconds=limits.idle_seconds),
            timedelta(seconds=limits.absolute_seconds),
        ),
    )
    if not rows:
        return None
    session, is_stale, account = rows[0][:8], rows[0][8], rows[0][9:]
    if is_stale:
        database.write(
            "UPDATE access.session SET seen = now() WHERE hash = %s AND ended IS NULL",
            (digest(token),),
        )
    return _session(session), account_of(account)


def renew(database: Database, session_id: str, methods: Sequence[str]) -> str | None:
    """The user proved again who they are: the session goes on under a new token.

    None when it has ended meanwhile.
    """
    token = secrets.token_urlsafe(32)
    rows = database.write(
        "UPDATE access.session SET hash = %s, methods = %s, authenticated = now(), seen = now() "
        "WHERE id = %s AND ended IS NULL RETURNING 1",
        (digest(token), list(methods), key_of(session_id)),
    )
    return token if rows else None


def sessions_of(database: Database, user_id: str, limits: Limits) -> list[Session]:
    """The sessions of a user that go on, the last used first."""
    rows = database.read(
        f"SELECT {_COLUMNS} FROM access.session WHERE user_id = %s AND ended IS NULL "
        "AND seen > now() - %s AND started > now() - %s ORDER BY seen DESC",
        (
            key_of(user_id),
            timedelta(seconds=limits.idle_seconds),
            timedelta(seconds=limits.absolute_seconds),
        ),
    )
    return [_session(row) for row in rows]


def end(database: Database, session_id: str, user_id: str) -> bool:
    """End a session of this user, with what was authorized in it; whether there was one."""
    with database.transaction() as connection:
        rows = execute(
            connection,
            "UPDATE access.session SET ended = now() "
            "WHERE id = %s AND user_id = %s AND ended IS NULL RETURNING 1",
            (key_of(session_id), key_of(user_id)),
        )
        if rows:
            epoch.bump(connection)
    return bool(rows)


def end_all(database: Database, user_id: str, *, but: str | None = None) -> int:
    """End the sessions of a user, with what was authorized in them; returns how many."""
    with database.transaction() as connection:
        return end_inside(connection, user_id, but=but)


def end_inside(connection: Connection, user_id: str, *, but: str | None = None) -> int:
    """The same, in the transaction of a change that ends them."""
    rows = execute(
        connection,
        "UPDATE access.session SET ended = now() "
        "WHERE user_id = %s AND id <> %s AND ended IS NULL RETURNING 1",
        (key_of(user_id), key_of(but or "")),
    )
    epoch.bump(connection)
    return len(rows)


def forget_old(database: Database, days: int = 400) -> int:
    """Delete sessions from longer ago than any authorization lasts; returns how many."""
    sql = "DELETE FROM access.session WHERE started < now() - %s RETURNING 1"
    return len(database.write(sql, (timedelta(days=days),)))


def authenticated_at(database: Database, session_id: str) -> datetime | None:
    """When the user of a session that goes on last proved who they are."""
    rows = database.read(
        "SELECT authenticated FROM access.session WHERE id::text = %s AND ended IS NULL",
        (session_id,),
    )
    return rows[0][0] if rows else None


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _session(row: tuple[Any, ...]) -> Session:
    session_id, user_id, methods, *rest = row
    return Session(session_id, user_id, tuple(methods), *rest)


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns.split(", "))
