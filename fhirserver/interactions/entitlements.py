"""What a caller may do: the policies of their roles and client, who they are here, their scopes.

- A user has the policies of their roles, within the scopes of the token; a scope of `system/` gives
  a user nothing.
- A client without a user has the policies of the role `system`, within the scopes.
- A token of the operator's command line names neither: its scopes alone decide.

Scopes of `patient/` are about the patient in context, and those with parameters about some rows:
access/enforcement.py knows which.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

from fhirserver import clock
from fhirserver.access.access import Access, Right
from fhirserver.access.actor import NOBODY, Actor
from fhirserver.access.compile import ByScopes, Caller, access_of
from fhirserver.access.enforcement import access_by_scopes, allowed_by_scopes
from fhirserver.access.policy import Policy, policy_of
from fhirserver.access.principal import Principal
from fhirserver.access.shipped import shipped_policies
from fhirserver.search.query import Condition
from fhirserver.search.site import Site
from fhirserver.storage.added_parameters import AddedParameters
from fhirserver.storage.database import Database
from fhirserver.storage.emergencies import purposes_of
from fhirserver.storage.policies import bearings, stored_policies

SYSTEM: Final = "system"
"""The role of clients without a user."""
EVERY_ROLE: Final = "*"


class Entitlements:
    """Works out callers' rights; the policies are read anew when the epoch has moved on."""

    def __init__(self, database: Database, added: AddedParameters, site: Site) -> None:
        self._database = database
        self._added = added
        self._site = site
        self._policies: tuple[int, Mapping[str, Policy]] | None = None
        self._lock = threading.Lock()

    def access(self, principal: Principal, epoch: int, trying: Policy | None = None) -> Access:
        """What a principal may do, when the rights had this number (storage.epoch).

        `trying` is a policy that isn't in force: what if it were.
        """
        if principal.user is None and principal.client is None:
            return access_by_scopes(
                principal.scopes, principal.patient, self._added.known, self._site
            )
        return access_of(self.caller(principal, epoch, trying), self._added.known, self._site)

    def caller(self, principal: Principal, epoch: int, trying: Policy | None = None) -> Caller:
        """All that decides about the rights of a principal."""
        policies = self.policies(epoch)
        if trying is not None:
            policies = {**policies, trying.name: trying}
        user = principal.user
        roles = frozenset([SYSTEM]) if user is None else user.roles
        client = principal.client
        of_client = None if client is None else _for_client(policies, client)
        actor = NOBODY if user is None else self.actor(user.fhir_user)
        return Caller(
            _for_roles(policies, roles),
            self._by_scopes(principal),
            user,
            actor,
            of_client or None,
            purposes_of(self._database, actor.persons) if actor.persons else (),
        )

    def _by_scopes(self, principal: Principal) -> ByScopes:
        is_user = principal.user is not None
        scopes = [s for s in principal.scopes if not (is_user and s.context == "system")]
        parameters = self._added.known

        def found(resource_type: str, right: Right) -> Condition | None:
            return allowed_by_scopes(
                scopes, principal.patient, resource_type, right, parameters, self._site
            )

        return found

    def actor(self, fhir_user: str | None) -> Actor:
        """Who a user is among the resources, as it is now."""
        found = bearings(self._database, fhir_user, clock.now())
        return Actor(found.me, found.units, found.places, found.patient, found.proxied)

    def policies(self, epoch: int) -> Mapping[str, Policy]:
        """The policies in force by name: what is stored, else what is shipped."""
        known = self._policies
        if known is None or known[0] != epoch:
            with self._lock:
                known = self._policies = epoch, policies_in_force(self._database)
        return known[1]


def policies_in_force(database: Database) -> dict[str, Policy]:
    """The policies in force by name: what is stored, else what is shipped."""
    found = dict(shipped_policies())
    for stored in stored_policies(database):
        if stored.in_force is not None:
            found[stored.name] = policy_of(stored.in_force, stored.name)
    return found


def _for_roles(policies: Mapping[str, Policy], roles: frozenset[str]) -> tuple[Policy, ...]:
    # Whoever has no role has nothing, not even what every role has.
    wanted = roles | {EVERY_ROLE} if roles else frozenset()
    return tuple(p for p in policies.values() if p.roles & wanted)


def _for_client(policies: Mapping[str, Policy], client: str) -> tuple[Policy, ...]:
    return tuple(p for p in policies.values() if client in p.clients)
