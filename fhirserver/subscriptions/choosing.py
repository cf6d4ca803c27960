"""From changes to items of the queue: who may have to be told of what.

Every change is held against every distinct search that somebody waits for, as it was written, not
as it is now; of those that may meet one, each subscription gets an item in its lane. Whether the
subscriber may see it, delivery asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fhirserver.engine import Engine
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.notifications.subscription import Asked, asked
from fhirserver.notifications.topic import topics
from fhirserver.queues import Change, Database, New
from fhirserver.storage.database import Connection
from fhirserver.storage.subscriptions import Subscriber, before, ids_of, subscribers
from fhirserver.storage.versions_meeting import Named
from fhirserver.subscriptions.criteria import Searches
from fhirserver.subscriptions.looking import DELETED, Looking, looked_at

Chosen = Callable[[Connection, Sequence[Change]], list[tuple[str, New]]]


def chosen(engine: Engine) -> Chosen:
    """What makes items of changes."""
    searches = Searches(engine)

    def choose(connection: Connection, changes: Sequence[Change]) -> list[tuple[str, New]]:
        del connection
        engine.context.added.now()
        store = engine.own_context.store
        found = subscribers(store.database, sorted({c.type for c in changes}))
        if not found:
            return []
        told = _told(engine, searches, changes, found)
        over = before(store.database, [(c.updated, c.seq) for c in changes]) if told else set()
        ids = _ids(store.database, told)
        return [
            (QUEUE, New(s.id, _content(s, change, ids[change.type, change.key])))
            for change in changes
            for s in told.get((change.type, change.key, change.version), ())
            if (s.key, change.seq) not in over and (change.type, change.key) in ids
        ]

    return choose


Told = dict[tuple[str, int, int], list[Subscriber]]
"""The subscriptions that a change (type, key and version) may be for."""


def _ids(database: Database, told: Told) -> dict[tuple[str, int], str]:
    """The logical ids of what is to be told of, by type and key."""
    kinds = {kind for kind, _, _ in told}
    return {
        (kind, key): id_
        for kind in sorted(kinds)
        for key, id_ in ids_of(database, kind, [k for t, k, _ in told if t == kind]).items()
    }


def _told(
    engine: Engine, searches: Searches, changes: Sequence[Change], found: Iterable[Subscriber]
) -> Told:
    """Which subscriptions each change is for, as far as the server can see."""
    by_topic: dict[str | None, list[tuple[Subscriber, Asked]]] = defaultdict(list)
    for subscriber in found:
        wish = asked(subscriber.content)
        by_topic[wish.topic].append((subscriber, wish))
    told: Told = defaultdict(list)
    looking = Looking(engine.own_context.store, searches)
    for url, waiting in by_topic.items():
        if url is None:
            remaining = [c for c in changes if c.method != DELETED]
            _filter(looking, remaining, waiting, told)
        elif (topic := topics().get(url)) is not None:
            _filter(looking, looking.happening(topic, changes), waiting, told)
    return told


def _filter(
    looking: Looking,
    changes: Sequence[Change],
    waiting: Sequence[tuple[Subscriber, Asked]],
    told: Told,
) -> None:
    """Note whom these changes may be for: those whose filters, if there are any, they pass."""
    kinds = sorted({c.type for c in changes})
    for kind in kinds:
        own = [c for c in changes if c.type == kind]
        groups: dict[tuple[str, ...], list[Subscriber]] = defaultdict(list)
        for subscriber, wish in waiting:
            queries = tuple(q for k, q in wish.filters if k == kind)
            if queries or wish.is_topic_based:
                groups[queries].append(subscriber)
        by_version: dict[Named, list[Change]] = defaultdict(list)
        for change in own:
            by_version[looked_at(change)].append(change)
        met = looking.meeting(kind, own, list(groups))
        for those, names in zip(groups.values(), met, strict=True):
            for name in names:
                for change in by_version[name]:
                    told[kind, change.key, change.version] += those


def _content(subscriber: Subscriber, change: Change, resource_id: str) -> dict[str, Any]:
    return {
        "kind": "event",
        "key": subscriber.key,
        "type": change.type,
        "about": change.key,
        "id": resource_id,
        "version": change.version,
        "method": change.method,
    }
