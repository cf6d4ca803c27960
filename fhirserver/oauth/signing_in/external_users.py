"""From another server's claims to a user of ours, and their roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from fhirserver.errors import Conflict, Forbidden, Invalid
from fhirserver.settings import InvalidSetting, Settings
from fhirserver.storage import credentials, users
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account

_PERSON: Final = re.compile(r"(Practitioner|Patient|RelatedPerson|Person)/[A-Za-z0-9\-.]{1,64}")


class ExternalUsers:
    """Users who sign in elsewhere, known by issuer and subject, never by name."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._roles = _role_map(settings.external_roles)

    def user(self, issuer: str, claims: Mapping[str, Any]) -> Account:
        """The user of these claims, with today's roles; a new one when they come the first time.

        Raises Forbidden when they have no business here.
        """
        roles = self.roles(claims)
        link = credentials.by_external(
            self._database, "external", external_key(issuer, str(claims["sub"]))
        )
        if self._settings.external_roles and not roles:
            raise Forbidden("Your account has no role here. Ask your administrator for one.")
        if link is None:
            return self._new(issuer, claims, roles)
        account = users.user_by_id(self._database, link.user_id)
        if account is None or not account.is_active:
            raise Forbidden("Your account is disabled here. Ask your administrator.")
        if self._settings.external_roles and account.roles != roles:
            account = users.set_roles(self._database, account.id, roles) or account
        credentials.use(self._database, link.id, 0, is_growing=False)
        return account

    def roles(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """The roles that the groups of the claims stand for."""
        given = claims.get(self._settings.external_roles_claim, [])
        groups = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        return frozenset(self._roles[g] for g in groups if isinstance(g, str) and g in self._roles)

    def _new(self, issuer: str, claims: Mapping[str, Any], roles: frozenset[str]) -> Account:
        if not self._settings.external_roles:
            raise Forbidden(
                "Your account isn't linked to one here. Ask your administrator to link it."
            )
        name = claims.get(self._settings.external_user_claim)
        if not isinstance(name, str):
            raise Forbidden("Your account elsewhere has no user name. Ask your administrator.")
        try:
            account = users.add(
                self._database,
                name,
                display=str(claims.get("name") or name)[:200],
                fhir_user=self._fhir_user(claims),
                roles=roles,
            )
        except Conflict as error:
            # Who can choose a name elsewhere must not become its owner here.
            raise Forbidden(
                "There is a user of your name here already. Ask your administrator to link you."
            ) from error
        except Invalid as error:
            raise Forbidden("Your user name elsewhere can't be used here.") from error
        link(self._database, account, issuer, str(claims["sub"]), self._settings.external_name)
        return account

    def _fhir_user(self, claims: Mapping[str, Any]) -> str | None:
        """Who that is among our resources, if the claim says so."""
        said = claims.get(self._settings.external_fhir_user_claim)
        if not isinstance(said, str):
            return None
        said = said.removeprefix(self._settings.fhir_base + "/")
        return said if _PERSON.fullmatch(said) else None


def link(database: Database, account: Account, issuer: str, subject: str, label: str) -> None:
    """Let an account elsewhere sign in as this user."""
    credentials.add(
        database, account.id, "external", external=external_key(issuer, subject), label=label
    )


def external_key(issuer: str, subject: str) -> str:
    """Issuer and subject in one; an issuer has no spaces."""
    return f"{issuer} {subject}"


def _role_map(setting: str) -> dict[str, str]:
    found = {}
    for part in setting.split(","):
        if not part.strip():
            continue
        group, _, role = part.strip().rpartition("=")
        if not group or not role:
            raise InvalidSetting(
                f"FHIRSERVER_EXTERNAL_ROLES: {part.strip()!r} is not GROUP=ROLE, such as "
                "ward-doctors=doctor"
            )
        found[group.strip()] = role.strip()
    return found
