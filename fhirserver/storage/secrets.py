"""Keys that all servers on one database share, made when first asked for, and stored sealed."""

from __future__ import annotations

import secrets

from fhirserver.keys.sealer import Sealer
from fhirserver.storage.database import Database


def shared_key(database: Database, sealer: Sealer, name: str, size: int = 32) -> bytes:
    """The random key of that name, `size` bytes long.

    One that an older release stored in clear is sealed here.
    """
    place = f"fhir.secret/{name}"
    rows = database.read("SELECT value, sealed FROM fhir.secret WHERE name = %s", (name,))
    if not rows or not rows[0][1]:
        value = bytes(rows[0][0]) if rows else secrets.token_bytes(size)
        database.write(
            "INSERT INTO fhir.secret (name, value, sealed) VALUES (%s, %s, true) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, sealed = true "
            "WHERE NOT fhir.secret.sealed",
            (name, sealer.seal(place, value)),
        )
        # Of two servers that do this at once, both take what the first one wrote.
        rows = database.read("SELECT value FROM fhir.secret WHERE name = %s", (name,))
    return sealer.unseal(place, bytes(rows[0][0]))
