"""The keys that sign id_tokens, the private halves sealed.

https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from fhirserver.storage.database import Database, execute


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key: `public` is its JWK, `private` its sealed other half."""

    id: str
    private: bytes = field(repr=False)
    public: dict[str, Any]


def signing_keys(database: Database) -> list[SigningKey]:
    """Those that haven't retired, the one that signs first."""
    return [
        SigningKey(id_, bytes(private), public)
        for id_, private, public in database.read(
            "SELECT id, private, public FROM access.signing_key WHERE retires > now() "
            "ORDER BY retires DESC, created DESC"
        )
    ]


def add_signing_key(database: Database, key: SigningKey, *, known_seconds: float) -> None:
    """A new key signs from now on; those before stay known for so long.

    With `known_seconds` of 0 they are forgotten at once, as when one has leaked.
    """
    with database.transaction() as connection:
        execute(
            connection,
            "UPDATE access.signing_key SET "
            "retires = least(retires, now() + make_interval(secs => %s))",
            (known_seconds,),
        )
        execute(
            connection,
            "INSERT INTO access.signing_key (id, private, public) VALUES (%s, %s, %s)",
            (key.id, key.private, json.dumps(key.public)),
        )


def add_first_signing_key(database: Database, key: SigningKey) -> None:
    """The same, unless there is one: of several processes, one makes it."""
    with database.transaction() as connection:
        execute(connection, "LOCK TABLE access.signing_key IN SHARE ROW EXCLUSIVE MODE")
        execute(
            connection,
            "INSERT INTO access.signing_key (id, private, public) SELECT %s, %s, %s "
            "WHERE NOT EXISTS (SELECT FROM access.signing_key WHERE retires > now())",
            (key.id, key.private, json.dumps(key.public)),
        )
