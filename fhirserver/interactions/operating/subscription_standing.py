"""How a subscription stands, as its reader may know: how much has happened, only its owner is told.

Others would learn from it that there was something that they may not see.
"""

from __future__ import annotations

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden
from fhirserver.interactions.context import Context
from fhirserver.interactions.subscribing import holder_of
from fhirserver.model.resource import Resource
from fhirserver.notifications.bundles import Standing
from fhirserver.notifications.subscription import asked
from fhirserver.storage.subscriptions import Subscriber, subscriber_named


def standing(ctx: Context, caller: Principal, resource: Resource) -> Standing:
    """How the subscription of a resource that the caller may read stands."""
    held = subscriber_named(ctx.store.database, resource["id"])
    is_own = held is not None and held.holder.is_same(holder_of(caller))
    return Standing(
        resource["id"],
        resource["status"],
        asked(resource).topic,
        held.last_event if is_own and held is not None else None,
        resource.get("error"),
    )


def owned(ctx: Context, caller: Principal, resource: Resource) -> Subscriber:
    """The subscription of a resource, if the caller wrote it. Raises Forbidden."""
    held = subscriber_named(ctx.store.database, resource["id"])
    if held is None or not held.holder.is_same(holder_of(caller)):
        raise Forbidden("only who wrote the subscription may ask for that")
    return held
