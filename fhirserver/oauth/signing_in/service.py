"""What the pages of signing in work with."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from fhirserver.keys.sealer import Sealer
from fhirserver.oauth.recording import Record
from fhirserver.oauth.signing_in import recovery
from fhirserver.oauth.signing_in.authenticator_app import AuthenticatorApps
from fhirserver.oauth.signing_in.limits import Limits
from fhirserver.oauth.signing_in.passwords import Passwords, check_new
from fhirserver.settings import Settings
from fhirserver.storage import credentials, users
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account

log = logging.getLogger(__name__)


class Service:
    """Proves who somebody is, without knowing of pages."""

    def __init__(
        self, database: Database, settings: Settings, sealer: Sealer, record: Record
    ) -> None:
        self.database = database
        self.settings = settings
        self.record = record
        self.limits = Limits(database, settings)
        self.passwords = Passwords(settings.password_hashes_at_once)
        self.apps = AuthenticatorApps(database, sealer)
        self._roles_with_two = frozenset(settings.second_factor_roles.replace(",", " ").split())

    def by_password(self, name: str, password: str, address: str) -> Account | None:
        """The user whose name and password these are; None for whatever reason they aren't."""
        if not self.limits.may_try(name, address):
            log.warning("sign_in_paused", extra={"address": address})
            self.record.failed(None, "throttled")
            return None
        account = users.user_by_name(self.database, name)
        stored = credentials.password_hash(self.database, account.id) if account else None
        is_right = self.passwords.is_right(password, stored)
        if account is None or stored is None or not is_right or not account.is_active:
            log.warning(
                "sign_in_failed",
                extra={"user": account.id if account else None, "address": address},
            )
            self.record.failed(account)
            return None
        self.limits.went_well(name, address)
        if self.passwords.is_outdated(stored):
            new = self.passwords.hashed(password)
            credentials.replace_hash(self.database, account.id, stored, new)
        return account

    def by_code(self, account: Account, code: str) -> bool:
        """Whether this is a one-time password of the user's app, which is used up then."""
        return self._second(account, lambda: self.apps.is_right(account.id, code))

    def by_recovery_code(self, account: Account, code: str) -> bool:
        """Whether this is a recovery code of the user, which is used up then."""
        return self._second(account, lambda: recovery.is_right(self.database, account.id, code))

    def change_password(self, account_id: str, password: str, *, keep_session: str) -> None:
        """Give a user a new password; their other sessions end. Raises Invalid for a poor one."""
        account = users.user_by_id(self.database, account_id)
        assert account is not None
        check_new(
            password,
            shortest=self.settings.password_min_length,
            about=(account.name, account.display),
        )
        credentials.set_password(
            self.database,
            account_id,
            self.passwords.hashed(password),
            keep_session=keep_session,
        )

    def has_second_factor(self, user_id: str) -> bool:
        """Whether the user has something besides the password."""
        found = credentials.credentials(self.database, user_id)
        return any(c.kind in {"totp", "passkey"} for c in found)

    def needs_second_factor(self, account: Account) -> bool:
        """Whether one of the user's roles asks for a second factor."""
        return bool(self._roles_with_two & {*account.roles, "*"})

    @property
    def passkey_host(self) -> str | None:
        """The host that passkeys are for; None where there can't be any, on a bare IP address.

        https://www.w3.org/TR/webauthn-3/#rp-id
        """
        host = urlsplit(self.settings.fhir_base).hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host or None
        return None

    def _second(self, account: Account, check: Callable[[], bool]) -> bool:
        if not self.limits.may_try_second(account.id):
            log.warning("second_factor_paused", extra={"user": account.id})
            self.record.failed(account, "throttled")
            return False
        if not check():
            log.warning("second_factor_failed", extra={"user": account.id})
            self.record.failed(account)
            return False
        self.limits.second_went_well(account.id)
        return True
