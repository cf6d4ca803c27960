"""What the pages of signing in work with."""

from __future__ import annotations

import logging

from fhirserver.oauth.signing_in.limits import Limits
from fhirserver.oauth.signing_in.passwords import Passwords
from fhirserver.settings import Settings
from fhirserver.storage import credentials, users
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account

log = logging.getLogger(__name__)


class Service:
    """Proves who somebody is, without knowing of pages."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.limits = Limits(database, settings)
        self.passwords = Passwords(settings.password_hashes_at_once)

    def by_password(self, name: str, password: str, address: str) -> Account | None:
        """The user whose name and password these are; None for whatever reason they aren't."""
        if not self.limits.may_try(name, address):
            log.warning("sign_in_paused", extra={"address": address})
            return None
        account = users.user_by_name(self.database, name)
        stored = credentials.password_hash(self.database, account.id) if account else None
        is_right = self.passwords.is_right(password, stored)
        if account is None or stored is None or not is_right or not account.is_active:
            log.warning(
                "sign_in_failed",
                extra={"user": account.id if account else None, "address": address},
            )
            return None
        self.limits.went_well(name, address)
        if self.passwords.is_outdated(stored):
            new = self.passwords.hashed(password)
            credentials.replace_hash(self.database, account.id, stored, new)
        return account
