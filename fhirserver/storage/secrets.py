"""Keys that all servers on one database share, made when first asked for."""

from __future__ import annotations

import secrets

from fhirserver.storage.database import Database


def shared_key(database: Database, name: str, size: int = 32) -> bytes:
    """The random key of that name, `size` bytes long."""
    database.write(
        "INSERT INTO fhir.secret (name, value) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (name, secrets.token_bytes(size)),
    )
    return bytes(database.read("SELECT value FROM fhir.secret WHERE name = %s", (name,))[0][0])
