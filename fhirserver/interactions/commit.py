"""Carrying out changes: one, or all those of a transaction, as a whole.

A single change by id needs no lock: it reads, computes and writes in one statement that holds
only if nobody was faster; otherwise it is tried again under locks. Everything else runs in one
database transaction: locks for the conditions, then matches, references, locks on the rows that
change, new versions, and one statement for each type that writes them all.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from fhirserver import ids
from fhirserver.errors import Conflict, FhirError, Gone, Invalid, NotFound, VersionConflict
from fhirserver.interactions.checking import checked_resource
from fhirserver.interactions.clashing import may_clash, refuse_clashes
from fhirserver.interactions.conditions import Conditions
from fhirserver.interactions.conforming import Conform, conformer
from fhirserver.interactions.context import Context
from fhirserver.interactions.dangling import refuse_dangling
from fhirserver.interactions.intents import Done, Intent
from fhirserver.interactions.linking import (
    Addresses,
    addresses,
    linked,
    linked_with_conditions,
    with_conditions_met,
)
from fhirserver.interactions.medicating import medicated, needs_locks, refuse_broken_life
from fhirserver.interactions.patching import patched
from fhirserver.interactions.permitted import (
    as_permitted,
    is_unrestricted,
    refuse_unpermitted,
    shown_again,
)
from fhirserver.interactions.recording import begin, on_record, rows
from fhirserver.interactions.relations import FOLLOWED
from fhirserver.interactions.rights import RECORD, refuse_change_of_record
from fhirserver.interactions.search_parameters import settle
from fhirserver.interactions.shipped import refuse_supplied
from fhirserver.interactions.subscribing import TYPE as SUBSCRIPTION
from fhirserver.interactions.subscribing import accepted
from fhirserver.interactions.writing import done_of, new_version, note, written
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage import versions as stored
from fhirserver.storage.database import Connection, Stale
from fhirserver.storage.guard import shown
from fhirserver.storage.holding import Held, held, lock_current
from fhirserver.storage.rows import Version
from fhirserver.storage.writer import write

ATTEMPTS: Final = 12

I = TypeVar("I", bound="Intent | Done")  # noqa: E741
R = TypeVar("R")


def commit(
    ctx: Context, intents: Sequence[Intent], *, then: Callable[[], None] | None = None
) -> list[Done]:
    """Carry out all intents or none; the outcomes are in the same order.

    `then` runs after the writing in the same database transaction, and sees what was written; if
    it raises, nothing is kept.

    The resources have been checked against the definitions. Raises errors.FhirError with the place
    of the intent that can't be done.
    """
    conform = conformer(ctx, intents)
    if conform is not None:
        # A patch has its resource later.
        intents = [i if i.action == "patch" else _at(i, conform) for i in intents]
    for attempt in range(ATTEMPTS):
        if attempt:
            ctx.added.now()
        try:
            if attempt == 0 and then is None and _is_simple(ctx, intents):
                return _alone(ctx, intents[0], conform)
            outcomes = _together(ctx, intents, then, conform)
        except Stale:
            # Somebody else was faster; the second time the rows are locked before they are read.
            time.sleep(random.random() * 0.002 * attempt**2)  # noqa: S311 - jitter
        else:
            if any(d.type == "SearchParameter" and d.is_change for d in outcomes):
                settle(ctx)
            return outcomes
    raise Conflict("other changes to the same resource kept coming first: try again")


def _is_simple(ctx: Context, intents: Sequence[Intent]) -> bool:
    """Whether it is one change that nothing has to be looked up for."""
    return (
        len(intents) == 1
        and intents[0].type != "SearchParameter"
        and intents[0].type not in FOLLOWED
        and intents[0].criteria is None
        and not needs_locks(ctx.settings, intents[0])
        and not may_clash(ctx.settings, intents[0])
        and is_unrestricted(ctx.store.guard, intents[0].type)
        and not linked_with_conditions(
            intents[0].resource or {}, None, {}, ctx.definitions.is_resource
        )[1]
    )


def _alone(ctx: Context, intent: Intent, conform: Conform | None) -> list[Done]:
    database = ctx.store.database
    there = None if intent.id is None else held(ctx.store, intent.type, intent.id)
    old = None if there is None else there.version
    change = _decide(ctx, _identified(intent), there, {}, conform)
    if isinstance(change, Done):
        return [change]
    refuse_dangling(ctx, [change])
    known = {} if old is None else {(change.type, change.id): old}
    change = medicated(ctx, {0: change}, known)[0]
    assert isinstance(change, Intent)
    now, keys = stored.reserve(database, 1)
    new = new_version(ctx, change, old, now, keys[0])
    ctx.store.texts.add(new.index.texts)
    begin()
    note(new, old)
    write(database, [new], rows())
    return [shown_again(ctx.store.guard, replace(done_of(new, old), issues=change.issues))]


def _together(
    ctx: Context,
    intents: Sequence[Intent],
    then: Callable[[], None] | None,
    conform: Conform | None,
) -> list[Done]:
    with ctx.store.database.transaction() as connection, on_record(connection):
        conditions = Conditions(ctx, connection)
        conditions.lock(intents)
        settled = _settled(conditions, intents)
        _refuse_overlap(settled)
        known = addresses(intents, settled)
        settled, conditional = _linked(ctx, settled, known)
        there = _lock_rows(ctx, connection, settled)
        old = {name: h.version for name, h in there.items()}
        change = partial(_change, ctx, known, there, conform)
        later = frozenset(conditional)
        now = {n: _at(s, change) for n, s in enumerate(settled) if n not in later}
        now = medicated(ctx, now, old, connection)
        outcomes = written(ctx, connection, now, old)
        if conditional:
            with ctx.store.database.reading_inside():
                met = {n: _met(ctx, conditions, settled[n]) for n in conditional}
            changes = {n: _at(item, change) for n, item in met.items()}
            changes = medicated(ctx, changes, old, connection)
            outcomes |= written(ctx, connection, changes, old)
            now |= changes
        with ctx.store.database.reading_inside():
            made = [c for c in now.values() if isinstance(c, Intent)]
            refuse_dangling(ctx, made)
            appointments = [c for c in made if may_clash(ctx.settings, c)]
            refuse_clashes(ctx, connection, appointments, old)
        if then is not None:
            with ctx.store.database.reading_inside():
                then()
    return _completed([outcomes[n] for n in range(len(intents))])


def _settled(conditions: Conditions, intents: Sequence[Intent]) -> list[Intent | Done]:
    """What each intent means once its condition has been looked up; deletions come first."""
    settled: dict[int, Intent | Done] = {}
    for number, intent in sorted(enumerate(intents), key=lambda i: i[1].action != "delete"):
        item = _at(intent, conditions.settle)
        settled[number] = _identified(item) if isinstance(item, Intent) else item
    return [settled[n] for n in range(len(intents))]


def _linked(
    ctx: Context, settled: Sequence[Intent | Done], known: Addresses
) -> tuple[list[Intent | Done], list[int]]:
    """The intents with their links rewritten; the numbers of those with conditional references.

    These are resolved after everything else has been written, and so may mean a resource that the
    same transaction creates. https://hl7.org/fhir/R4/http.html#trules
    """
    items: list[Intent | Done] = []
    conditional: list[int] = []
    for number, item in enumerate(settled):
        if isinstance(item, Intent) and item.resource is not None and (item.may_link or known):
            resource, has_conditions = linked_with_conditions(
                item.resource, item.full_url, known, ctx.definitions.is_resource
            )
            item = replace(item, resource=resource)
            if has_conditions:
                conditional.append(number)
        items.append(item)
    return items, conditional


def _met(ctx: Context, conditions: Conditions, item: Intent | Done) -> Intent | Done:
    """The intent with references by id in the place of its conditional ones."""
    if isinstance(item, Done):
        return item
    is_type = ctx.definitions.is_resource
    return _at(item, lambda i: with_conditions_met(i, is_type, conditions.reference))


def _change(
    ctx: Context,
    known: Addresses,
    there: Mapping[tuple[str, str | None], Held],
    conform: Conform | None,
    item: Intent | Done,
) -> Intent | Done:
    if isinstance(item, Done):
        return item
    return _decide(ctx, item, there.get((item.type, item.id)), known, conform)


def _completed(outcomes: list[Done]) -> list[Done]:
    """A conditional create that means another entry's resource gets that entry's version."""
    by_id = {(d.type, d.id): d for d in outcomes if d.version is not None}
    return [
        replace(by_id[d.type, d.id], status=200)
        if d.status == 200 and d.version is None and (d.type, d.id) in by_id
        else d
        for d in outcomes
    ]


def _identified(intent: Intent) -> Intent:
    """A create gets its id here, so that others can refer to it."""
    return replace(intent, id=ids.new()) if intent.id is None else intent


def _at(item: I, act: Callable[[I], R]) -> R:
    """Do something with an intent; an error says where in the Bundle it is."""
    try:
        return act(item)
    except FhirError as error:
        place = item.place if isinstance(item, Intent) else ""
        if not place:
            raise
        raise error.inside(place) from error


def _refuse_overlap(settled: Sequence[Intent | Done]) -> None:
    """https://hl7.org/fhir/R4/http.html#trules: no resource may be changed twice."""
    seen: set[tuple[str, str | None]] = set()
    for item in settled:
        if isinstance(item, Intent):
            if (item.type, item.id) in seen:
                raise Invalid(
                    "the transaction changes the same resource twice", expression=item.place
                )
            seen.add((item.type, item.id))


def _lock_rows(
    ctx: Context, connection: Connection, settled: Sequence[Intent | Done]
) -> dict[tuple[str, str | None], Held]:
    wanted: dict[str, list[str]] = defaultdict(list)
    for item in settled:
        # A create by the server's own id has nothing to lock.
        if isinstance(item, Intent) and item.action != "create" and item.id is not None:
            wanted[item.type].append(item.id)
    return {
        (resource_type, i): there
        for resource_type in sorted(wanted)
        for i, there in lock_current(
            connection, ctx.store.guard, resource_type, wanted[resource_type]
        ).items()
    }


def _decide(
    ctx: Context,
    intent: Intent,
    there: Held | None,
    known: Addresses,
    conform: Conform | None,
) -> Intent | Done:
    """What an intent means for the version that is there now: a change, or nothing to do."""
    guard = ctx.store.guard
    refuse_unpermitted(guard, intent, there)
    old = there.version if there is not None and there.is_there else None
    exists = old is not None and not old.is_deleted
    if exists and intent.type == RECORD:
        refuse_change_of_record()
    if intent.must_be_new and exists:
        raise VersionConflict("the resource exists already, and If-None-Match: * forbids that")
    if intent.if_match is not None and not _is_matched(intent.if_match, old):
        raise VersionConflict
    if not exists and intent.action in {"delete", "patch"}:
        refuse_supplied(intent.type, intent.id)
    match intent.action:
        case "delete":
            return intent if exists else Done(204, intent.type, intent.id)
        case "patch":
            if old is None:
                raise NotFound(f"{intent.type}/{intent.id} doesn't exist")
            if old.content is None:
                raise Gone(f"{intent.type}/{intent.id} was deleted")
            # What is hidden from the caller can't be tested by a patch either.
            seen = shown(guard, old)
            resource = patched(ctx, intent, json.parse((seen.content or "").encode()))
            intent = replace(intent, resource=linked(resource, intent.full_url, known))
            if conform is not None:
                intent = conform(intent)
        case _ if intent.combine is not None and old is not None and old.content is not None:
            assert intent.resource is not None
            stored_now = json.parse_object(old.content.encode())
            combined = {**intent.combine(intent.resource, stored_now), "id": old.id}
            intent = replace(intent, resource=checked_resource(combined, intent.type))
            if conform is not None:
                intent = conform(intent)
        case _:
            pass
    if intent.action != "delete":
        if intent.type == SUBSCRIPTION:
            intent = accepted(ctx, intent, old)
        intent = as_permitted(guard, intent, old)
        refuse_broken_life(ctx.settings, intent, old)
    if old is not None and old.content is not None and is_same(old.content, intent.resource):
        done = Done(200, old.type, old.id, old.version, old.updated, old.content)
        return shown_again(guard, done)
    return intent


def _is_matched(versions: Sequence[str], old: Version | None) -> bool:
    if old is None:
        return False
    return str(old.version) in versions or ("*" in versions and not old.is_deleted)


def is_same(old: str, resource: Resource | None) -> bool:
    """Whether a new version would say nothing new."""
    return resource is not None and _essence(json.parse(old.encode())) == _essence(resource)


def _essence(resource: Resource) -> bytes:
    meta = {
        k: v for k, v in resource.get("meta", {}).items() if k not in {"versionId", "lastUpdated"}
    }
    return json.dump_sorted({**resource, "meta": meta})
