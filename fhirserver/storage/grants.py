"""Codes, access tokens and refresh tokens, kept as hashes: a family for each grant.

A family is what one user has granted one app at one time (or a service has been given); whatever
revokes it ends all its tokens. https://www.rfc-editor.org/rfc/rfc9700#section-4.14
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from fhirserver.storage.database import Connection, Database, Rows, execute

TokenKind = Literal["access", "refresh"]


@dataclass(frozen=True, slots=True)
class Family:
    """What was granted: to whom, for whom, and in which launch context.

    `launch` has what else the app is told: fhirContext, need_patient_banner, intent, tenant.
    """

    subject: str
    scope: str
    expires: datetime
    client: str | None = None
    user: str | None = None
    session: str | None = None
    is_offline: bool = False
    patient: str | None = None
    encounter: str | None = None
    launch: dict[str, Any] = field(default_factory=dict)
    authenticated: datetime | None = None
    id: str = ""
    created: datetime | None = None
    used: datetime | None = None
    """When one of its tokens was last seen, to the minute."""


@dataclass(frozen=True, slots=True)
class Code:
    """A redeemed authorization code."""

    redirect_uri: str
    code_challenge: str
    nonce: str | None
    family: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is valid, or would be: `is_used` is for refresh tokens that were exchanged."""

    kind: TokenKind
    scope: str
    issued: datetime
    expires: datetime
    is_used: bool
    family: Family


_FAMILY: Final = (
    "f.subject, f.scope, f.expires, f.client, f.user_id::text, f.session::text, f.is_offline, "
    "f.patient, f.encounter, f.launch, f.authenticated, f.id::text, f.created, f.used"
)


def hashed(secret: str) -> bytes:
    """What is stored of a code or a token."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def new_secret() -> str:
    """A new code or token: 256 random bits."""
    return secrets.token_urlsafe(32)


def start_family(connection: Connection, family: Family) -> str:
    """Store a new family; returns its id."""
    rows = execute(
        connection,
        "INSERT INTO access.family (subject, scope, expires, client, user_id, session, is_offline, "
        "patient, encounter, launch, authenticated) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id::text",
        (
            family.subject,
            family.scope,
            family.expires,
            family.client,
            family.user,
            family.session,
            family.is_offline,
            family.patient,
            family.encounter,
            json.dumps(family.launch),
            family.authenticated,
        ),
    )
    return str(rows[0][0])


def add_token(
    connection: Connection,
    token: str,
    family: str,
    kind: TokenKind,
    scope: str,
    lifetime_seconds: float,
) -> None:
    """Store a token of a family; it ends with the family at the latest."""
    execute(
        connection,
        "INSERT INTO access.token (hash, family, kind, scope, expires) "
        "SELECT %s, id, %s, %s, least(expires, now() + make_interval(secs => %s)) "
        "FROM access.family WHERE id = %s",
        (hashed(token), kind, scope, lifetime_seconds, family),
    )


def add_code(
    connection: Connection,
    *,
    client: str,
    redirect_uri: str,
    code_challenge: str,
    nonce: str | None,
    family: str,
    lifetime_seconds: float,
) -> str:
    """A new authorization code."""
    code = new_secret()
    execute(
        connection,
        "INSERT INTO access.authorization_code "
        "(hash, client, redirect_uri, code_challenge, nonce, family, expires) "
        "VALUES (%s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))",
        (
            hashed(code),
            client,
            redirect_uri,
            code_challenge,
            nonce,
            family,
            lifetime_seconds,
        ),
    )
    return code


_REDEEM: Final = """
WITH claimed AS (
  DELETE FROM access.authorization_code WHERE hash = %(hash)s AND client = %(client)s
  RETURNING *
), kept AS (
  INSERT INTO access.redeemed_code (hash, family, expires)
  SELECT hash, family, now() + interval '1 day' FROM claimed)
SELECT c.redirect_uri, c.code_challenge, c.nonce, c.family::text
FROM claimed c JOIN access.family f ON f.id = c.family
WHERE c.expires > now() AND f.revoked IS NULL"""


def redeem_code(database: Database, code: str, client: str) -> Code | None:
    """Claim a code of a client; None when there is none that is valid.

    One of several attempts at the same time gets it, whatever becomes of that attempt later.
    """
    rows = database.write(_REDEEM, {"hash": hashed(code), "client": client})
    return Code(*rows[0]) if rows else None


def revoke_replayed(database: Database, code: str) -> bool:
    """End the family of a code that was redeemed before; False when it never was."""
    return bool(
        database.write(
            "UPDATE access.family SET revoked = now() WHERE id = "
            "(SELECT family FROM access.redeemed_code WHERE hash = %s) RETURNING 1",
            (hashed(code),),
        )
    )


def family(database: Database, family_id: str) -> Family | None:
    """A family that has not ended."""
    rows = database.read(
        f"SELECT {_FAMILY} FROM access.family f "
        "WHERE id = %s AND revoked IS NULL AND expires > now()",
        (family_id,),
    )
    return Family(*rows[0]) if rows else None


def token(database: Database, secret: str) -> Token | None:
    """A token that has not expired, of a family that has not ended, of an active client.

    Whether its user and its session still stand is `tokens.caller`'s business.
    """
    rows = database.read(
        f"SELECT t.kind, t.scope, t.issued, t.expires, t.used IS NOT NULL, {_FAMILY} "
        "FROM access.token t JOIN access.family f ON f.id = t.family "
        "LEFT JOIN access.client c ON c.id = f.client "
        "WHERE t.hash = %s AND t.expires > now() AND f.revoked IS NULL "
        "AND (f.client IS NULL OR c.is_active)",
        (hashed(secret),),
    )
    return _token(rows[0]) if rows else None


def _token(row: tuple[Any, ...]) -> Token:
    kind, scope, issued, expires, is_used, *held = row
    return Token(kind, scope, issued, expires, is_used, Family(*held))


def use_refresh_token(connection: Connection, secret: str) -> bool:
    """Claim a refresh token, of which only one exchange may come; False when there was one."""
    rows = execute(
        connection,
        "UPDATE access.token SET used = now() WHERE hash = %s AND kind = 'refresh' "
        "AND used IS NULL RETURNING 1",
        (hashed(secret),),
    )
    return bool(rows)


def note_use(database: Database, family_id: str) -> None:
    """A token of a family is in use: written down once a minute at most."""
    database.write(
        "UPDATE access.family SET used = now() "
        "WHERE id = %s AND (used IS NULL OR used < now() - interval '1 minute')",
        (family_id,),
    )


def revoke_family(database: Database, family_id: str) -> None:
    """End all tokens of a family."""
    database.write("UPDATE access.family SET revoked = now() WHERE id = %s", (family_id,))


def revoke_token(database: Database, secret: str) -> None:
    """End one access token, and nothing else of its family."""
    database.write("DELETE FROM access.token WHERE hash = %s", (hashed(secret),))


def revoke_client_of_user(database: Database, user: str, client: str) -> int:
    """A user takes back whatever they granted an app; returns how many grants that were."""
    return len(
        database.write(
            "UPDATE access.family SET revoked = now() "
            "WHERE user_id = %s AND client = %s AND revoked IS NULL RETURNING 1",
            (user, client),
        )
    )


def revoke_client(database: Database, client: str, user: str | None) -> int:
    """End what a client was granted, by one user or by all; returns how many grants that were."""
    return len(
        database.write(
            "UPDATE access.family SET revoked = now() WHERE client = %s AND revoked IS NULL "
            "AND (%s::text IS NULL OR user_id::text = %s) RETURNING 1",
            (client, user, user),
        )
    )


def families_of_user(database: Database, user: str) -> list[Family]:
    """What a user has granted and still stands, the newest first."""
    rows: Rows = database.read(
        f"SELECT {_FAMILY} FROM access.family f WHERE user_id = %s AND revoked IS NULL "
        "AND expires > now() AND EXISTS (SELECT FROM access.token t "
        "WHERE t.family = f.id AND t.expires > now()) "
        "AND (is_offline OR session IS NULL OR EXISTS (SELECT FROM access.session s "
        "WHERE s.id = f.session AND s.ended IS NULL)) ORDER BY created DESC",
        (user,),
    )
    return [Family(*row) for row in rows]


def is_first_use(database: Database, client: str, jti: str, expires: datetime) -> bool:
    """Whether the id of a client assertion is new, and never is again."""
    return bool(
        database.write(
            "INSERT INTO access.jti (client, hash, expires) VALUES (%s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING 1",
            (client, hashed(jti), expires),
        )
    )


def forget_expired(database: Database) -> int:
    """Delete what has expired; returns how many tokens there were.

    Families stay a month after their end, for those who ask what was granted.
    """
    for table in ("authorization_code", "redeemed_code", "pending", "launch", "jti"):
        database.write(f"DELETE FROM access.{table} WHERE expires < now()")
    rows = database.write("DELETE FROM access.token WHERE expires < now() RETURNING 1")
    database.write("DELETE FROM access.family WHERE expires < now() - interval '30 days'")
    return len(rows)
