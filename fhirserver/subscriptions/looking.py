"""Changes held against searches: as the resource was before, and as it was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.notifications.topic import Topic, Trigger
from fhirserver.queues import Change
from fhirserver.search.query import And, Condition
from fhirserver.storage.store import Store
from fhirserver.storage.versions_meeting import Named, versions_meeting
from fhirserver.subscriptions.criteria import EVERYTHING, Searches

DELETED: Final = "D"


def looked_at(change: Change) -> Named:
    """The version that filters look at: the one that was written, or the last before a deletion."""
    return change.key, change.version - (change.method == DELETED)


class Looking:
    """Asks storage about versions, with the rights of its store."""

    def __init__(self, store: Store, searches: Searches) -> None:
        self._store = store
        self._searches = searches

    def meeting(
        self, kind: str, changes: Sequence[Change], wanted: Sequence[tuple[str, ...]]
    ) -> list[set[Named]]:
        """For each group of searches, all of which must hold, the versions that meet it."""
        conditions: list[Condition] = [
            And(tuple(self._searches.condition(kind, q) for q in queries)) for queries in wanted
        ]
        return versions_meeting(self._store, kind, [looked_at(c) for c in changes], conditions)

    def happening(self, topic: Topic, changes: Sequence[Change]) -> list[Change]:
        """The changes that are what a topic is about, in their order."""
        fired = {c.seq for t in topic.triggers for c in self._fired(t, changes)}
        return [c for c in changes if c.seq in fired]

    def _fired(self, trigger: Trigger, changes: Sequence[Change]) -> list[Change]:
        own = [c for c in changes if c.type == trigger.type and trigger.is_by(c.method)]
        if trigger.previous is None and trigger.current is None:
            return own
        before = self._held(trigger.type, [(c.key, c.version - 1) for c in own], trigger.previous)
        after = self._held(trigger.type, [(c.key, c.version) for c in own], trigger.current)
        return [
            c
            for c in own
            if trigger.fires(before.get((c.key, c.version - 1)), after.get((c.key, c.version)))
        ]

    def _held(self, kind: str, versions: Sequence[Named], query: str | None) -> dict[Named, bool]:
        """Whether the versions that there are meet a search."""
        if query is None:
            return {}
        wanted = [EVERYTHING, self._searches.condition(kind, query)]
        there, met = versions_meeting(self._store, kind, versions, wanted)
        return {named: named in met for named in there}
