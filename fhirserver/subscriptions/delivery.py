"""From an item of the queue to the subscriber.

Whether they may see the change is asked anew each time, with their rights as they are now. Only
what they may see gets a number, so the numbers tell nothing of the rest; a number, once given, is
kept by every further attempt.
"""

from __future__ import annotations

from typing import Any

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.egress import egress_of
from fhirserver.engine import Engine
from fhirserver.errors import Forbidden, Gone, Invalid, NotFound, Unprocessable
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operating.subscription_secret import secret_of
from fhirserver.interactions.subscribing import condition
from fhirserver.notifications.subscription import Asked, asked
from fhirserver.queues import Item
from fhirserver.registry import discover
from fhirserver.storage import subscriptions as stored
from fhirserver.storage.subscriptions import Event, Subscriber
from fhirserver.storage.versions_meeting import versions_meeting
from fhirserver.subscriptions import channels as channels_package
from fhirserver.subscriptions.channels import Notification, Outside, Undelivered, channels
from fhirserver.subscriptions.rights import Rights
from fhirserver.subscriptions.standing import fail, give_status

discover(channels_package)

NOT_ALLOWED = "who wrote this subscription may no longer sign in, or their app may not"


class Delivery:
    """Tells subscribers."""

    def __init__(self, engine: Engine) -> None:
        settings = engine.context.settings
        self._engine = engine
        self._database = engine.context.store.database
        self._rights = Rights(engine)
        self._attempts = settings.subscription_attempts
        self._outside = Outside(
            settings,
            egress_of(settings.allow_local_addresses, settings.reachable_inside),
            lambda subscription: secret_of(engine.own_context, subscription),
        )

    def act(self, item: Item) -> None:
        """Do what an item says; raises when it is to be tried again."""
        held = stored.subscriber(self._database, item.content["key"])
        if held is None or held.status == "off":
            return
        if held.ends is not None and held.ends <= clock.now():
            give_status(self._engine, held, "off")
            return
        caller = self._rights.principal(held.holder)
        if caller is None:
            if held.status != "error":
                fail(self._engine, held, NOT_ALLOWED)
            return
        try:
            match item.content["kind"]:
                case "begin":
                    self._begin(held)
                case _:
                    self._event(held, caller, item.content)
        except Undelivered as error:
            if not error.is_final and item.attempts < self._attempts:
                raise
            fail(self._engine, held, str(error))

    def _begin(self, held: Subscriber) -> None:
        """A subscription that was asked for: it is active from now on."""
        if held.status == "requested":
            give_status(self._engine, held, "active")

    def _event(self, held: Subscriber, caller: Principal, content: dict[str, Any]) -> None:
        change = content["about"], content["version"]
        wish = asked(held.content)
        event = stored.event_of(self._database, held.key, change)
        try:
            is_visible = self._is_for(caller, wish, content)
        except (Forbidden, Invalid, Unprocessable) as error:
            if held.status != "error":
                fail(self._engine, held, f"the criteria can't be searched any longer: {error}")
            return
        if event is None and is_visible:
            event = self._numbered(held, content)
        if event is None or event.sent is not None or held.status == "error":
            # Of what a failed subscription misses, $events tells later.
            return
        notification = self._notification(held, caller, wish, event if is_visible else None, event)
        channels[wish.channel.kind](self._outside, wish.channel, notification)
        stored.note_sent(self._database, held.key, [event.number])

    def _is_for(self, caller: Principal, wish: Asked, content: dict[str, Any]) -> bool:
        """Whether the subscriber may find this version by what they wait for."""
        ctx = self._engine.seen_by(caller)
        ctx.added.now()
        kind, named = content["type"], (content["about"], content["version"])
        wanted = [condition(ctx, caller, k, q) for k, q in wish.filters if k == kind]
        return all(named in m for m in versions_meeting(ctx.store, kind, [named], wanted))

    def _numbered(self, held: Subscriber, content: dict[str, Any]) -> Event | None:
        named = content["about"], content["version"]
        resource_id = stored.id_of(self._database, content["type"], content["about"])
        if resource_id is None:
            return None
        return stored.number(
            self._database, held.key, content["type"], resource_id, named, content["method"]
        )

    def _notification(
        self, held: Subscriber, caller: Principal, wish: Asked, shown: Event | None, event: Event
    ) -> Notification:
        text = f"Something has happened that you asked to be told of. Number {event.number}."
        if shown is None or wish.channel.payload is None:
            # What they could see when it got its number, and can no longer: that much they know.
            return Notification(held.id, "event", event.number, text=text)
        body = self._resource(caller, shown)
        about = None if body is None else f"{shown.type}/{shown.id}"
        return Notification(held.id, "event", event.number, body, about, text)

    def _resource(self, caller: Principal, event: Event) -> bytes | None:
        """The version as the subscriber may see it; that it was shown to them goes on record."""
        request = FhirRequest("vread", caller, event.type, event.id, version=str(event.version))
        try:
            return self._engine.handle(request).content
        except (NotFound, Gone, Forbidden):
            return None
