"""Subscriptions that are written: checked, given a status, kept with whose rights they have.

A client asks (`requested`) or stops (`off`); what becomes of it, the server says. A subscription
has the rights of who wrote it, as they are when something is delivered. So nobody else may change
it, or they would be sent what another may see; but others may turn it off or delete it.
https://hl7.org/fhir/R4/subscription.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.egress import CannotReach, egress_of
from fhirserver.errors import FhirError, Forbidden, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent, changed
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.pairs import pairs_in
from fhirserver.interactions.rights import refuse_forbidden_chains
from fhirserver.interactions.vocabulary import SearchVocabulary
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.notifications.subscription import Asked, asked
from fhirserver.notifications.topic import Topic, topics
from fhirserver.search.parse import parse
from fhirserver.search.query import Condition
from fhirserver.search.results import RESULTS
from fhirserver.storage import change_feed, queue_items, subscriptions
from fhirserver.storage.database import Connection
from fhirserver.storage.queue_items import New
from fhirserver.storage.rows import NewVersion, Version
from fhirserver.storage.subscriptions import Holder

TYPE: Final = "Subscription"
SERVER: Final = Principal("subscriptions", scopes("system/*.cruds"))
"""Who gives subscriptions their status. Only this very object is, whatever a token says."""
QUEUE: Final = "subscription"
"""The topic of the queue in which each subscription has a lane."""
READER: Final = "subscriptions"
"""The reader of the change log that makes items for them."""
_SET_BY_SERVER: Final = frozenset({"status", "error"})


def accepted(ctx: Context, intent: Intent, old: Version | None) -> Intent:
    """The intent as it may be written; raises for a subscription that can't be had."""
    resource = intent.resource
    if resource is None or ctx.caller is SERVER:
        return intent
    if ctx.caller is None:
        raise Forbidden("a Subscription has the rights of who writes it: send it over the API")
    before = None if old is None or old.content is None else json.kept(old.content)
    status = resource.get("status")
    is_same_but_status = before is not None and _wish(before) == _wish(resource)
    if before is not None and is_same_but_status and status == before["status"]:
        return changed(intent, resource={**before, "meta": resource.get("meta", {})})
    if status == "off" and is_same_but_status:
        return intent
    if old is not None and before is not None:
        held = subscriptions.subscriber(ctx.store.database, old.key)
        if held is not None and not held.holder.is_same(holder_of(ctx.caller)):
            raise Forbidden(
                "a Subscription has the rights of who wrote it: others may only turn it off "
                "(status off) or delete it"
            )
    check(ctx, ctx.caller, asked(resource))
    wanted = {k: v for k, v in resource.items() if k != "error"}
    is_off = status == "off" or _is_over(resource)
    return changed(intent, resource={**wanted, "status": "off" if is_off else "requested"})


def check(ctx: Context, caller: Principal, wish: Asked) -> None:
    """Raise when what a subscription asks for can't be had, or not by the caller."""
    searches = list(wish.filters)
    if wish.topic is not None:
        topic = topics().get(wish.topic)
        if topic is None:
            raise _refusal("there is no such topic: the CapabilityStatement lists them", "criteria")
        _check_filters(topic, wish)
        searches += [(t.type, q or "") for t in topic.triggers for q in (t.previous, t.current)]
    for kind, query in searches:
        try:
            condition(ctx, caller, kind, query)
        except FhirError as error:
            if isinstance(error, Forbidden):
                raise
            raise _refusal("; ".join(i.text for i in error.issues), "criteria") from error
    if wish.channel.kind in {"rest-hook", "message"}:
        egress = egress_of(ctx.settings.allow_local_addresses, ctx.settings.reachable_inside)
        try:
            egress.checked(wish.channel.endpoint)
        except CannotReach as error:
            raise _refusal(f"it can't be called: {error}", "channel.endpoint") from error


def _check_filters(topic: Topic, wish: Asked) -> None:
    """https://hl7.org/fhir/R5/subscriptiontopic-definitions.html#SubscriptionTopic.canFilterBy"""
    for kind, query in wish.filters:
        names = {n.partition(":")[0].partition(".")[0] for n, _ in pairs_in(query)}
        allowed = topic.filters.get(kind, frozenset())
        if not names <= allowed:
            raise _refusal(
                f"{topic.title!r} can be filtered by "
                + (", ".join(f"{k}?{p}" for k in topic.filters for p in sorted(topic.filters[k]))
                   or "nothing"),
                "criteria",
            )  # fmt: skip


def _refusal(text: str, place: str) -> Unprocessable:
    return Unprocessable(text, expression=f"Subscription.{place}")


def condition(ctx: Context, caller: Principal, kind: str, query: str) -> Condition:
    """A search that somebody waits for, with the rights of the context; raises as a search does."""
    if not ctx.definitions.is_resource(kind):
        raise _refusal(f"{kind[:64]} is not a resource type", "criteria")
    caller.require("s", kind)
    pairs = pairs_in(query)
    for name, _ in pairs:
        if name.partition(":")[0] in RESULTS:
            raise _refusal(f"{name[:64]} doesn't say which resources", "criteria")
    found = parse(
        kind,
        pairs,
        parameters=ctx.parameters,
        site=ctx.site,
        vocabulary=SearchVocabulary(ctx, FhirRequest("search-type", caller, type=kind)),
        hidden=ctx.store.guard.hidden,
    )
    refuse_forbidden_chains(found.condition, ctx.store.guard)
    return found.condition


def follow_subscriptions(
    ctx: Context, connection: Connection, written: Sequence[tuple[Intent, NewVersion]]
) -> None:
    """Keep what these versions of Subscription ask for, in their transaction."""
    gone = [v.key for _, v in written if v.content is None]
    if gone:
        subscriptions.drop(connection, gone)
    for intent, version in written:
        resource = intent.resource
        if version.content is None or resource is None:
            continue
        resource = {**resource, "id": version.id}
        held = subscriptions.subscriber(connection, version.key)
        is_own = ctx.caller is SERVER or (
            held is not None and _wish(held.content) == _wish(resource)
            and resource["status"] == "off"
        )  # fmt: skip
        if ctx.caller is None or (is_own and held is not None):
            subscriptions.note_status(
                connection, version.key, resource["status"], resource.get("error")
            )
            if ctx.caller is SERVER and resource["status"] == "requested":
                _let_begin(connection, version)
            continue
        wish = asked(resource)
        # What is committed from now on is for it, whether a worker has ever run or not.
        change_feed.begin(connection, READER)
        subscriptions.put(
            connection,
            key=version.key,
            id=version.id,
            version=version.version,
            content=resource,
            holder=holder_of(ctx.caller),
            topic=wish.topic,
            types=_types(wish),
            ends=_ends(resource),
            heartbeat=wish.channel.heartbeat,
        )
        if resource["status"] == "requested":
            _let_begin(connection, version)


def _let_begin(connection: Connection, version: NewVersion) -> None:
    """A worker shakes hands with the subscriber, and makes it active."""
    begin = New(version.id, {"kind": "begin", "key": version.key})
    queue_items.add(connection, QUEUE, [begin])


def _types(wish: Asked) -> list[str]:
    if wish.topic is not None:
        return sorted(topics()[wish.topic].types)
    return sorted({kind for kind, _ in wish.filters})


def _wish(resource: Resource) -> Resource:
    """What the client says, without what the server does."""
    left_out = {*_SET_BY_SERVER, "meta", "id"}
    return {k: v for k, v in resource.items() if k not in left_out}


def holder_of(caller: Principal) -> Holder:
    """Whose rights a subscription would have that a caller writes."""
    return Holder(
        caller.subject,
        " ".join(s.written for s in caller.scopes),
        None if caller.user is None else caller.user.id,
        caller.client,
        caller.patient,
        caller.encounter,
        # A system can always grant itself anew what it may have.
        None if caller.user is None else caller.family,
    )


def _ends(resource: Resource) -> datetime | None:
    end = resource.get("end")
    if end is None:
        return None
    return datetime.fromisoformat(str(end))


def _is_over(resource: Resource) -> bool:
    ends = _ends(resource)
    return ends is not None and ends <= clock.now()
