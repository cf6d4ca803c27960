"""Workflows as a reaction: one reader of the change log for all, and a topic for each.

A topic of its own has its own threads, so that a workflow that is slow or fails always holds up no
other; a lane for each resource keeps the order of its changes.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

import fhirserver.workflows as package
from fhirserver import clock, queues
from fhirserver.engine import Engine
from fhirserver.reactions import Change as Logged
from fhirserver.reactions import Connection, Item, New, Reaction, Reader, Worker, reactions
from fhirserver.reactions.written import Written, all_written
from fhirserver.registry import discover
from fhirserver.storage.numbered import Place
from fhirserver.storage.observed import long_past, of_other_status
from fhirserver.workflows.occasion import Change, Elapsed, Occasion
from fhirserver.workflows.registering import Remind, Workflow, timers, workflows

log = logging.getLogger(__name__)

READER: Final = "workflows"
LANES: Final = 100
"""So many resources are looked at together."""
TOGETHER_SECONDS: Final = 5.0
"""So long workflows go on with changes that they were given together; the rest goes by itself."""


@reactions.register("workflows")
def reaction(engine: Engine) -> Reaction:
    """All workflows and timers that there are."""
    discover(package)
    return reaction_of(engine, workflows, timers)


def reaction_of(
    engine: Engine, known: Mapping[str, Workflow], reminders: Mapping[str, Remind]
) -> Reaction:
    """These workflows and timers."""
    workers = [
        Worker(
            topic(w.name),
            partial(_act, engine, w),
            lanes=LANES,
            together=partial(_act_on_all, engine, w),
        )
        for w in known.values()
    ]
    workers += [
        Worker(f"timer.{name}", partial(_remind, engine, name, remind))
        for name, remind in reminders.items()
    ]
    readers = [Reader(READER, chosen(list(known.values())))] if known else []
    return Reaction(readers, workers)


def topic(name: str) -> str:
    """The topic of a workflow."""
    return f"workflow.{name}"


def chosen(
    known: Sequence[Workflow],
) -> Callable[[Connection, Sequence[Logged]], list[tuple[str, New]]]:
    """What makes an item of each change for each workflow that wants its type."""
    by_type: dict[str, list[Workflow]] = {}
    for one in known:
        for resource_type in one.types:
            by_type.setdefault(resource_type, []).append(one)

    def choose(connection: Connection, changes: Sequence[Logged]) -> list[tuple[str, New]]:
        past = _past(connection, changes, by_type.get("Observation", ()))
        past |= _elsewhere(connection, changes, known)
        return [
            (topic(one.name), New(f"{c.type}/{c.key}", _content(c), bulk=c.bulk))
            for c in changes
            for one in by_type.get(c.type, ())
            if not past or (one.name, c.key) not in past
        ]

    return choose


def _past(
    connection: Connection, changes: Sequence[Logged], known: Sequence[Workflow]
) -> set[tuple[str, int]]:
    """Which workflow isn't called for which Observation of a bulk load, as that is too old."""
    keys = [c.key for c in changes if c.bulk and c.version == 1 and c.type == "Observation"]
    if not keys:
        return set()
    # A day more, as days don't begin everywhere at once.
    return {
        (one.name, key)
        for one in known
        if one.looks_back is not None
        for key in long_past(
            connection, keys, (clock.now() - one.looks_back - timedelta(days=1)).date()
        )
    }


def _elsewhere(
    connection: Connection, changes: Sequence[Logged], known: Sequence[Workflow]
) -> set[tuple[str, int]]:
    """Which workflow isn't called for what is new, as its status says that it isn't meant."""
    keys: dict[str, list[int]] = defaultdict(list)
    for c in changes:
        if c.version == 1:
            keys[c.type].append(c.key)
    return {
        (one.name, key)
        for one in known
        if one.statuses is not None
        for resource_type in one.types & keys.keys()
        for key in of_other_status(connection, resource_type, keys[resource_type], one.statuses)
    }


def _content(change: Logged) -> dict[str, Any]:
    return {"type": change.type, "key": change.key, "version": change.version}


def _act(engine: Engine, one: Workflow, item: Item) -> None:
    place = _place(item)
    found = all_written(engine, [place]).get(place)
    if found is not None:
        one.act(_occasion(engine, one, found))


def _act_on_all(engine: Engine, one: Workflow, items: Sequence[Item]) -> set[int]:
    """Do items of different lanes, of which most concern no rule: with one look, and one end.

    One that fails is left, to be done by itself, and told then.
    """
    try:
        found = all_written(engine, [_place(i) for i in items])
        occasions = [
            (item, None if (of := found.get(_place(item))) is None else _occasion(engine, one, of))
            for item in items
        ]
        done = _done(one, occasions)
        if not done:
            return set()
        ended = queues.finish(engine.context.store.database, items[0].lease, done)
    except Exception as error:  # noqa: BLE001 - each is told by itself what is wrong with it
        log.warning("workflow_not_together", extra={"topic": one.name, "error": str(error)})
        return set()
    return set(done) if ended == len(done) else set()


def _done(one: Workflow, occasions: Sequence[tuple[Item, Occasion | None]]) -> list[int]:
    """The items that are done, as long as there is time."""
    if one.act_on_all is not None:
        one.act_on_all([o for _, o in occasions if o is not None])
        return [item.id for item, _ in occasions]
    done: list[int] = []
    until = time.monotonic() + TOGETHER_SECONDS
    for item, occasion in occasions:
        if time.monotonic() > until:
            break
        with suppress(Exception):
            if occasion is not None:
                one.act(occasion)
            done.append(item.id)
    return done


def _remind(engine: Engine, name: str, remind: Remind, item: Item) -> None:
    remind(Elapsed(engine, name, item.content))


def _place(item: Item) -> Place:
    return item.content["type"], item.content["key"], item.content["version"]


def _occasion(engine: Engine, one: Workflow, found: Written) -> Occasion:
    change = Change(found.type, found.id, found.version, found.method, found.updated)
    return Occasion(engine, one.name, change, found.resource, found.before)
