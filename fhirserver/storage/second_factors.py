"""What a user signs in with besides the password: named, and taken away when it is lost."""

from __future__ import annotations

from typing import Final

from fhirserver.storage import credentials, recovery_codes, sessions
from fhirserver.storage.credentials import Credential
from fhirserver.storage.database import Database

KINDS: Final = frozenset({"totp", "passkey"})


def second_factors(database: Database, user_id: str) -> list[Credential]:
    """The authenticator app and the passkeys of a user, the oldest first."""
    return [c for c in credentials.credentials(database, user_id) if c.kind in KINDS]


def forget(database: Database, user_id: str) -> int:
    """Take authenticator app, passkeys and recovery codes from a user, and end their sessions.

    Returns how many factors there were.
    """
    found = second_factors(database, user_id)
    for factor in found:
        credentials.remove(database, user_id, factor.id)
    recovery_codes.set_codes(database, user_id, [])
    sessions.end_all(database, user_id)
    return len(found)
