"""From an item of the queue to the subscriber.

Whether they may see the change is asked anew each time, with their rights as they are now. Only
what they may see gets a number, so the numbers tell nothing of the rest; a number, once given, is
kept by every further attempt.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Final, Literal

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.egress import egress_of
from fhirserver.engine import Engine
from fhirserver.errors import Forbidden, Invalid, Unprocessable
from fhirserver.interactions.operating.subscription_events import content_of
from fhirserver.interactions.operating.subscription_secret import secret_of
from fhirserver.interactions.subscribing import condition
from fhirserver.notifications.subscription import Asked, Channel, asked
from fhirserver.notifications.topic import topics
from fhirserver.queues import Item
from fhirserver.reactions.pace import SLOW_SECONDS
from fhirserver.registry import discover
from fhirserver.storage import subscriptions as stored
from fhirserver.storage.subscriptions import Event, Subscriber
from fhirserver.storage.versions_meeting import versions_meeting
from fhirserver.subscriptions import channels as channels_package
from fhirserver.subscriptions.channels import Notification, Outside, Undelivered, channels
from fhirserver.subscriptions.criteria import EVERYTHING
from fhirserver.subscriptions.looking import DELETED
from fhirserver.subscriptions.rights import Rights
from fhirserver.subscriptions.standing import fail, give_status
from fhirserver.subscriptions.telling import about_event, about_itself

discover(channels_package)

SHAKEN: Final = frozenset(["rest-hook", "message"])
"""The channels that begin with a handshake; who listens on a websocket has come by themselves."""
TEXT: Final = "Something has happened that you asked to be told of. It is number {}."
NOT_ALLOWED: Final = "who wrote this subscription may no longer sign in, or their app may not"

ENDED: Final = "the app has no longer been granted what this subscription was written with"


class Delivery:
    """Tells subscribers."""

    def __init__(self, engine: Engine) -> None:
        settings = engine.context.settings
        self._engine = engine
        self._database = engine.context.store.database
        self._rights = Rights(engine)
        self._calls = ThreadPoolExecutor(
            settings.subscription_threads + settings.subscription_slow_threads, "call"
        )
        self._attempts = settings.subscription_attempts
        self._outside = Outside(
            settings,
            egress_of(settings.allow_local_addresses, settings.reachable_inside),
            cache(lambda subscription: secret_of(engine.own_context, subscription)),
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
        if caller is None and self._rights.has_ended(held.holder):
            give_status(self._engine, held, "off", ENDED)
            return
        if caller is None:
            if held.status != "error":
                fail(self._engine, held, NOT_ALLOWED)
            return
        try:
            match item.content["kind"]:
                case "begin":
                    self._begin(held)
                case "heartbeat":
                    self._heartbeat(held)
                case _:
                    self._event(held, caller, item.content)
        except Undelivered as error:
            if not error.is_final and item.attempts < self._attempts:
                raise
            fail(self._engine, held, str(error))

    def _begin(self, held: Subscriber) -> None:
        """A subscription that was asked for: it is active once it has answered a handshake."""
        if held.status != "requested":
            return
        wish = asked(held.content)
        if wish.is_topic_based and wish.channel.kind in SHAKEN:
            self._send(held, wish, "handshake")
        give_status(self._engine, held, "active")

    def _heartbeat(self, held: Subscriber) -> None:
        wish = asked(held.content)
        if held.status == "active" and wish.channel.heartbeat is not None:
            self._send(held, wish, "heartbeat")

    def _send(self, held: Subscriber, wish: Asked, kind: Literal["handshake", "heartbeat"]) -> None:
        body = about_itself(self._engine, held, wish, kind)
        self._call(wish.channel, Notification(held.id, kind, body=body))
        stored.note_sent(self._database, held.key)

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
        self._call(
            wish.channel,
            self._told(held, caller, wish, event)
            if wish.is_topic_based
            else self._notified(held, caller, wish, event if is_visible else None, event.number),
        )
        stored.note_sent(self._database, held.key, [event.number])

    def _call(self, channel: Channel, notification: Notification) -> None:
        """Reach the subscriber; who waits long for one keeps no connection to PostgreSQL."""
        self._outside.secret(notification.subscription)
        call = self._calls.submit(channels[channel.kind], self._outside, channel, notification)
        if not wait([call], SLOW_SECONDS).done:
            self._database.close()
        call.result()

    def _is_for(self, caller: Principal, wish: Asked, content: dict[str, Any]) -> bool:
        """Whether the subscriber may find this version by what they wait for."""
        ctx = self._engine.seen_by(caller)
        ctx.added.now()
        kind = content["type"]
        is_deletion = content["method"] == DELETED
        named = content["about"], content["version"] - is_deletion
        queries = [q for k, q in wish.filters if k == kind]
        topic = None if wish.topic is None else topics().get(wish.topic)
        if topic is not None and not is_deletion:
            own = [t for t in topic.triggers if t.type == kind and t.needs_both]
            queries += [t.current for t in own if t.current is not None and len(own) == 1]
        wanted = [condition(ctx, caller, kind, q) for q in queries] or [EVERYTHING]
        caller.require("s", kind)
        return all(named in m for m in versions_meeting(ctx.store, kind, [named], wanted))

    def _numbered(self, held: Subscriber, content: dict[str, Any]) -> Event | None:
        named = content["about"], content["version"]
        return stored.number(
            self._database, held.key, content["type"], content["id"], named, content["method"]
        )

    def _told(self, held: Subscriber, caller: Principal, wish: Asked, event: Event) -> Notification:
        """A notification of the Backport."""
        body = about_event(self._engine, held, caller, wish, event)
        return Notification(held.id, "event", event.number, body, text=TEXT.format(event.number))

    def _notified(
        self, held: Subscriber, caller: Principal, wish: Asked, shown: Event | None, number: int
    ) -> Notification:
        """A notification of R4's own kind."""
        text = TEXT.format(number)
        if shown is None or wish.channel.payload is None:
            # What they could see when it got its number, and can no longer: that much they know.
            return Notification(held.id, "event", number, text=text)
        body = content_of(self._engine.handle, caller, shown)
        about = None if body is None else f"{shown.type}/{shown.id}"
        return Notification(held.id, "event", number, body, about, text)
