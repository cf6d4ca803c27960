"""Notifications of topic-based subscriptions, for whatever channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.interactions.operating.subscription_events import happened_of
from fhirserver.model import json
from fhirserver.notifications.bundles import Standing, notification
from fhirserver.notifications.subscription import Asked, Content
from fhirserver.storage.subscriptions import Event, Subscriber


def about_event(
    engine: Engine, held: Subscriber, caller: Principal, wish: Asked, event: Event
) -> bytes:
    """The notification of an event, with what the caller may see of it now."""
    amount = _content(wish)
    happened = happened_of(engine.handle, caller, event, amount)
    now = replace(_standing(held, wish), status="active", count=event.number)
    base = engine.context.settings.fhir_base
    return json.dump(notification(base, now, "event-notification", amount, [happened]))


def about_itself(
    engine: Engine, held: Subscriber, wish: Asked, kind: Literal["handshake", "heartbeat"]
) -> bytes:
    """A notification without an event."""
    base = engine.context.settings.fhir_base
    return json.dump(notification(base, _standing(held, wish), kind, _content(wish)))


def _standing(held: Subscriber, wish: Asked) -> Standing:
    return Standing(held.id, held.status, wish.topic, held.last_event, held.error)


def _content(wish: Asked) -> Content:
    return wish.channel.content or "empty"
