"""Access tokens: made for scripts, and read on every request.

https://www.rfc-editor.org/rfc/rfc6750
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fhirserver import clock
from fhirserver.storage.database import Database
from fhirserver.storage.grants import Family, add_token, hashed, new_secret, start_family


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    subject: str
    scope: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """The user of a token, as they are this moment."""

    id: str
    name: str
    fhir_user: str | None
    roles: frozenset[str]
    clearances: frozenset[str]


@dataclass(frozen=True, slots=True)
class Caller:
    """All that a token says about who calls, as it is this moment.

    `epoch` is the number of epoch.py: what was worked out for the same token under the same number
    still holds.
    """

    epoch: int
    subject: str
    scope: str
    expires: datetime
    client: str | None
    patient: str | None
    encounter: str | None
    session: str | None
    family: str
    user: Holder | None


def issue(
    database: Database,
    *,
    subject: str,
    scope: str,
    lifetime_seconds: int,
    user: str | None = None,
    patient: str | None = None,
    encounter: str | None = None,
) -> str:
    """A new token that no client asked for; only its SHA-256 is stored.

    `user` is the id of the user whose rights bound it.
    """
    family = Family(
        subject=subject,
        scope=scope,
        expires=clock.now() + timedelta(seconds=lifetime_seconds),
        user=user,
        patient=patient,
        encounter=encounter,
    )
    token = new_secret()
    with database.transaction() as connection:
        started = start_family(connection, family)
        add_token(connection, token, started, "access", scope, lifetime_seconds)
    return token


# A disabled client or user, an ended session and a revoked grant count from this statement on.
_VALID: Final = """
FROM access.token t
JOIN access.family f ON f.id = t.family
CROSS JOIN access.epoch e
LEFT JOIN access.client c ON c.id = f.client
LEFT JOIN access."user" u ON u.id = f.user_id
LEFT JOIN access.session s ON s.id = f.session AND s.ended IS NULL
WHERE t.hash = %s AND t.kind = 'access' AND t.expires > now() AND f.revoked IS NULL
  AND (f.client IS NULL OR c.is_active)
  AND (f.user_id IS NULL OR u.is_active)
  AND (f.session IS NULL OR f.is_offline OR s.id IS NOT NULL)"""
_CALLER: Final = f"""
SELECT e.number, f.subject, t.scope, t.expires, f.client, f.patient, f.encounter, f.session::text,
  f.id::text, u.id::text, u.display, u.fhir_user, u.roles, u.clearances {_VALID}"""


def caller(database: Database, token: str) -> Caller | None:
    """Whose token it is; None when it is unknown, has expired, or stands for nobody any more."""
    rows = database.read(_CALLER, (hashed(token),))
    return _caller(rows[0]) if rows else None


def _caller(row: tuple[Any, ...]) -> Caller:
    epoch, subject, scope, expires, client, patient, encounter, session, family, *held = row
    return Caller(
        epoch, subject, scope, expires, client, patient, encounter, session, family, _holder(*held)
    )


def _holder(
    user_id: str | None,
    name: str,
    fhir_user: str | None,
    roles: list[str],
    clearances: list[str],
) -> Holder | None:
    if user_id is None:
        return None
    return Holder(user_id, name, fhir_user, frozenset(roles), frozenset(clearances))


def grant(database: Database, token: str) -> Grant | None:
    """What a token grants; None when it is unknown or has expired."""
    found = caller(database, token)
    return None if found is None else Grant(found.subject, found.scope, found.expires)


def has_ended(database: Database, family: str, *, if_forgotten: bool) -> bool:
    """Whether what a user granted was taken back or, if that was to an app, is over in any way.

    What a user gave no app, such as a token for a script, may outlive its token. `if_forgotten` is
    for what ended so long ago that nobody remembers it.
    """
    rows = database.read(
        "SELECT f.revoked IS NOT NULL OR f.client IS NOT NULL AND (f.expires <= now() "
        "OR f.session IS NOT NULL AND NOT f.is_offline AND s.id IS NULL) FROM access.family f "
        "LEFT JOIN access.session s ON s.id = f.session AND s.ended IS NULL WHERE f.id = %s",
        (family,),
    )
    return bool(rows[0][0]) if rows else if_forgotten


def stands(database: Database, family: str) -> bool:
    """Whether the user of a family may still sign in, and its session goes on if it needs one."""
    rows = database.read(
        'SELECT 1 FROM access.family f LEFT JOIN access."user" u ON u.id = f.user_id '
        "LEFT JOIN access.session s ON s.id = f.session AND s.ended IS NULL "
        "WHERE f.id = %s AND f.revoked IS NULL AND (f.user_id IS NULL OR u.is_active) "
        "AND (f.session IS NULL OR f.is_offline OR s.id IS NOT NULL)",
        (family,),
    )
    return bool(rows)
