"""How often it was tried to sign in lately, as someone or from somewhere.

An attempt is counted before it is judged, so that many at once don't slip through. Only digests
are kept: what is typed as a name may be a password.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from fhirserver.storage.database import Database


def count(database: Database, subject: str, within_seconds: int) -> int:
    """Count an attempt; returns how many there were since the first of them, this one included.

    The count begins anew `within_seconds` after the first attempt.
    """
    rows = database.write(
        "INSERT INTO access.attempt AS a (key, count, expires) VALUES (%s, 1, now() + %s) "
        "ON CONFLICT (key) DO UPDATE SET "
        "count = CASE WHEN a.expires > now() THEN a.count + 1 ELSE 1 END, "
        "expires = CASE WHEN a.expires > now() THEN a.expires ELSE excluded.expires END "
        "RETURNING count",
        (_key(subject), timedelta(seconds=within_seconds)),
    )
    return int(rows[0][0])


def held(database: Database, subject: str, most: int) -> datetime | None:
    """Until when no further attempt is heard, as there were so many already; None: one is."""
    rows = database.read(
        "SELECT expires FROM access.attempt WHERE key = %s AND count >= %s AND expires > now()",
        (_key(subject), most),
    )
    return rows[0][0] if rows else None


def take_back(database: Database, subject: str) -> None:
    """An attempt was rightful: it doesn't count."""
    database.write(
        "UPDATE access.attempt SET count = greatest(count - 1, 0) WHERE key = %s",
        (_key(subject),),
    )


def forget(database: Database, subject: str) -> None:
    """Begin to count anew."""
    database.write("DELETE FROM access.attempt WHERE key = %s", (_key(subject),))


def forget_expired(database: Database) -> int:
    """Delete counts that are over; returns how many."""
    return len(database.write("DELETE FROM access.attempt WHERE expires < now() RETURNING 1"))


def _key(subject: str) -> bytes:
    return hashlib.sha256(subject.encode(errors="replace")).digest()
