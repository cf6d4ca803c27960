"""With whose rights a subscription is served: those of who wrote it, as they are now."""

from __future__ import annotations

from dataclasses import replace

from fhirserver.access.compile import Granted
from fhirserver.access.principal import Principal, User
from fhirserver.access.scopes import scopes
from fhirserver.engine import Engine
from fhirserver.interactions.entitlements import Entitlements
from fhirserver.storage import epoch
from fhirserver.storage.clients import client_by_id
from fhirserver.storage.subscriptions import Holder
from fhirserver.storage.users import user_by_id


class Rights:
    """Looks up what the holders of subscriptions may do."""

    def __init__(self, engine: Engine) -> None:
        ctx = engine.context
        self._database = ctx.store.database
        self._entitlements = Entitlements(self._database, ctx.added, ctx.site)

    def principal(self, holder: Holder) -> Principal | None:
        """The holder as a caller; None when they may no longer sign in, or their app may not."""
        user = None
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
        access = self._entitlements.access(principal, epoch.current(self._database))
        purposes = access.purposes if isinstance(access, Granted) else ()
        return replace(principal, given_access=access, purposes=purposes)
