"""Bearer tokens, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from fhirserver.storage.database import Database


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    subject: str
    scope: str
    expires: datetime


def issue(database: Database, *, subject: str, scope: str, lifetime_seconds: int) -> str:
    """A new token; only its SHA-256 is stored."""
    token = secrets.token_urlsafe(32)
    database.write(
        "INSERT INTO fhir.access_token (hash, subject, scope, issued, expires) "
        "VALUES (%s, %s, %s, now(), now() + %s)",
        (_hash(token), subject, scope, timedelta(seconds=lifetime_seconds)),
    )
    return token


def grant(database: Database, token: str) -> Grant | None:
    """What a token grants; None when it is unknown or has expired."""
    rows = database.read(
        "SELECT subject, scope, expires FROM fhir.access_token WHERE hash = %s AND expires > now()",
        (_hash(token),),
    )
    return Grant(*rows[0]) if rows else None


def forget_expired(database: Database) -> int:
    """Delete the tokens that have expired; returns how many there were."""
    sql = "DELETE FROM fhir.access_token WHERE expires < now() RETURNING 1"
    return len(database.write(sql))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
