"""From changes to items of the queue: who may have to be told of what.

Every change is held against every distinct search that somebody waits for, as it was written, not
as it is now; of those that may meet one, each subscription gets an item in its lane. Whether the
subscriber may see it, delivery asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from fhirserver.engine import Engine
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.notifications.subscription import asked
from fhirserver.queues import Change, New
from fhirserver.storage.database import Connection
from fhirserver.storage.subscriptions import Subscriber, subscribers
from fhirserver.storage.versions_meeting import Named, versions_meeting
from fhirserver.subscriptions.criteria import Searches

Chosen = Callable[[Connection, Sequence[Change]], list[tuple[str, New]]]
DELETED: Final = "D"


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
        return [
            (QUEUE, New(s.id, _content(s, change)))
            for change in changes
            for s in told.get((change.type, change.key, change.version), ())
        ]

    return choose


def _told(
    engine: Engine, searches: Searches, changes: Sequence[Change], found: Iterable[Subscriber]
) -> dict[tuple[str, int, int], list[Subscriber]]:
    """Which subscriptions each change is for, as far as the server can see."""
    waiting: dict[str, dict[str, list[Subscriber]]] = defaultdict(lambda: defaultdict(list))
    for subscriber in found:
        for kind, query in asked(subscriber.content).filters:
            waiting[kind][query].append(subscriber)
    told: dict[tuple[str, int, int], list[Subscriber]] = defaultdict(list)
    for kind, queries in waiting.items():
        versions: list[Named] = [
            (c.key, c.version) for c in changes if c.type == kind and c.method != DELETED
        ]
        conditions = [searches.condition(kind, q) for q in queries]
        met = versions_meeting(engine.own_context.store, kind, versions, conditions)
        for those, named in zip(queries.values(), met, strict=True):
            for key, version in named:
                told[kind, key, version] += those
    return told


def _content(subscriber: Subscriber, change: Change) -> dict[str, Any]:
    return {
        "kind": "event",
        "key": subscriber.key,
        "type": change.type,
        "about": change.key,
        "version": change.version,
        "method": change.method,
    }
