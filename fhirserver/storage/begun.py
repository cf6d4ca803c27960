"""What a sign-in that takes several requests remembers between them. Each is good once.

The browser holds a random token, the row its SHA-256, as with sessions.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from fhirserver.storage.database import Database
from fhirserver.storage.sessions import digest
from fhirserver.storage.users import key_of


@dataclass(frozen=True, slots=True)
class Begun:
    """What was begun: by whom, if that is known, and what was noted down."""

    user_id: str | None
    content: Mapping[str, Any]


def begin(
    database: Database,
    purpose: str,
    *,
    user_id: str | None = None,
    content: Mapping[str, Any] | None = None,
    lifetime_seconds: int = 300,
) -> str:
    """Note something down; returns the token that finds it again."""
    token = secrets.token_urlsafe(32)
    database.write(
        "INSERT INTO access.begun (hash, purpose, user_id, content, expires) "
        "VALUES (%s, %s, %s, %s, now() + %s)",
        (
            digest(token),
            purpose,
            None if user_id is None else key_of(user_id),
            Jsonb(dict(content or {})),
            timedelta(seconds=lifetime_seconds),
        ),
    )
    return token


def look(database: Database, token: str, purpose: str) -> Begun | None:
    """What a token stands for, which stays as it is."""
    rows = database.read(
        "SELECT user_id::text, content FROM access.begun "
        "WHERE hash = %s AND purpose = %s AND expires > now()",
        (digest(token), purpose),
    )
    return Begun(*rows[0]) if rows else None


def take(database: Database, token: str, purpose: str) -> Begun | None:
    """What a token stands for, for the one time that it may be used."""
    rows = database.write(
        "DELETE FROM access.begun "
        "WHERE hash = %s AND purpose = %s AND expires > now() RETURNING user_id::text, content",
        (digest(token), purpose),
    )
    return Begun(*rows[0]) if rows else None


def forget_expired(database: Database) -> int:
    """Delete what nobody came back for; returns how much."""
    return len(database.write("DELETE FROM access.begun WHERE expires < now() RETURNING 1"))
