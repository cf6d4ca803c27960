"""Requests of apps that wait for their user to decide.

https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fhirserver.storage.database import Database

LIFETIME_SECONDS: Final = 1800
"""How long the user has to sign in and to decide."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request: `request` has its parameters, and what became known of it since."""

    id: str
    client: str
    request: dict[str, Any]


def wait(database: Database, client: str, request: dict[str, Any]) -> str:
    """Keep a request that is nobody's yet; returns its id."""
    rows = database.write(
        "INSERT INTO access.pending (client, request, expires) "
        "VALUES (%s, %s, now() + make_interval(secs => %s)) RETURNING id::text",
        (client, json.dumps(request), LIFETIME_SECONDS),
    )
    return str(rows[0][0])


def take(database: Database, id_: str, user: str) -> Waiting | None:
    """The request becomes this user's if it is nobody's, and is given back if it is theirs."""
    rows = database.write(
        "UPDATE access.pending SET user_id = %s "
        "WHERE id = %s AND expires > now() AND (user_id IS NULL OR user_id = %s) "
        "RETURNING id::text, client, request",
        (user, _key(id_), user),
    )
    return Waiting(*rows[0]) if rows else None


def change(database: Database, id_: str, user: str, found: dict[str, Any]) -> None:
    """Add to what is known of a user's request."""
    database.write(
        "UPDATE access.pending SET request = request || %s::jsonb WHERE id = %s AND user_id = %s",
        (json.dumps(found), _key(id_), user),
    )


def finish(database: Database, id_: str, user: str) -> Waiting | None:
    """The user has decided: the request is over, and given back once."""
    rows = database.write(
        "DELETE FROM access.pending WHERE id = %s AND user_id = %s AND expires > now() "
        "RETURNING id::text, client, request",
        (_key(id_), user),
    )
    return Waiting(*rows[0]) if rows else None


def _key(id_: str) -> UUID:
    try:
        return UUID(id_)
    except ValueError:
        return UUID(int=0)
