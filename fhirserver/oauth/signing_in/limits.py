"""How often it may be tried: by name, by network address, and for a second factor.

All limits hold for names that nobody has as for those of users, so that they tell nothing.
OWASP ASVS 5.0, 6.3.1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fhirserver.settings import Settings
from fhirserver.storage import attempts
from fhirserver.storage.database import Database
from fhirserver.storage.users import folded

SECOND_FACTOR_ATTEMPTS: Final = 5


class Limits:
    """Counts attempts in the database, for all web processes together."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def may_try(self, name: str, address: str) -> bool:
        """Count an attempt to sign in with a password; False when there were too many."""
        by_address = self._count(_from(address)) <= self._settings.sign_in_attempts_per_address
        by_name = self._count(_named(name)) <= self._settings.sign_in_attempts
        return by_address and by_name

    def went_well(self, name: str, address: str) -> None:
        """The attempt was the user's: it is forgotten, with the mistakes before it."""
        attempts.forget(self._database, _named(name))
        # Only this one, or who has one account could try others without end.
        attempts.take_back(self._database, _from(address))

    def may_try_second(self, user_id: str) -> bool:
        """Count a one-time or recovery code; False when there were too many."""
        return self._count(_second(user_id)) <= SECOND_FACTOR_ATTEMPTS

    def second_went_well(self, user_id: str) -> None:
        """The code was right."""
        attempts.forget(self._database, _second(user_id))

    def paused_until(self, name: str, user_id: str) -> datetime | None:
        """Until when a user may not try again; None for one who may."""
        held = (
            attempts.held(self._database, _named(name), self._settings.sign_in_attempts),
            attempts.held(self._database, _second(user_id), SECOND_FACTOR_ATTEMPTS),
        )
        return max((one for one in held if one is not None), default=None)

    def forget(self, name: str, user_id: str) -> None:
        """Let a user try again at once."""
        attempts.forget(self._database, _named(name))
        self.second_went_well(user_id)

    def _count(self, subject: str) -> int:
        return attempts.count(self._database, subject, self._settings.sign_in_pause_seconds)


def _named(name: str) -> str:
    return f"name {folded(name)}"


def _second(user_id: str) -> str:
    return f"second {user_id}"


def _from(address: str) -> str:
    return f"address {address}"
