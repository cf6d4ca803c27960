"""With whose rights a subscription is served: those of who wrote it, as they are now."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from fhirserver.access.compile import Granted
from fhirserver.access.principal import Principal, User
from fhirserver.access.scopes import scopes
from fhirserver.engine import Engine
from fhirserver.interactions.entitlements import Entitlements
from fhirserver.storage import epoch, tokens
from fhirserver.storage.clients import client_by_id
from fhirserver.storage.subscriptions import Holder
from fhirserver.storage.users import user_by_id

# Rights may also change as time goes by.
REMEMBERED_SECONDS: Final = 30.0
MOST_REMEMBERED: Final = 10_000


class Rights:
    """Looks up what the holders of subscriptions may do, again whenever anybody's rights change."""

    def __init__(self, engine: Engine) -> None:
        ctx = engine.context
        self._database = ctx.store.database
        self._entitlements = Entitlements(self._database, ctx.added, ctx.site)
        self._known: dict[Holder, tuple[int, float, Principal | None]] = {}

    def principal(self, holder: Holder) -> Principal | None:
        """The holder as a caller; None when they may no longer sign in, or their app may not."""
        number = epoch.current(self._database)
        known = self._known.get(holder)
        if known is not None and known[0] == number and time.monotonic() < known[1]:
            return known[2]
        made = self._principal(holder, number)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[holder] = (number, time.monotonic() + REMEMBERED_SECONDS, made)
        return made

    def has_ended(self, holder: Holder) -> bool:
        """Whether what a user granted the app is over; nobody has to be told of that."""
        if holder.family is None:
            return False
        is_app = holder.client is not None
        return tokens.has_ended(self._database, holder.family, if_forgotten=is_app)

    def _principal(self, holder: Holder, number: int) -> Principal | None:
        user = None
        if self.has_ended(holder):
            return None
        if holder.user is not None:
            account = user_by_id(self._database, holder.user)
            if account is None or not account.is_active:
                return None
            user = User(
                account.id, account.display, account.fhir_user, account.roles, account.clearances
            )
        if holder.client is not None:
            client = client_by_id(self._database, holder.client)
            if client is None or not client.is_active:
                return None
        principal = Principal(
            subject=holder.subject,
            scopes=scopes(holder.scope),
            user=user,
            client=holder.client,
            patient=holder.patient,
            encounter=holder.encounter,
        )
        access = self._entitlements.access(principal, number)
        purposes = access.purposes if isinstance(access, Granted) else ()
        return replace(principal, given_access=access, purposes=purposes)
