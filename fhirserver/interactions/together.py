"""The changes of one transaction, or of several that are carried out together, as a whole.

Locks for the conditions come first, then matches, references, locks on the rows that change, new
versions, and one statement for each type that writes them all. Several transactions at once cost
hardly more statements than one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from fhirserver.audit.trail import Trail
from fhirserver.errors import Invalid
from fhirserver.interactions.clashing import may_clash, refuse_clashes
from fhirserver.interactions.conditions import Conditions, identifiers_of
from fhirserver.interactions.conforming import Conform
from fhirserver.interactions.context import Context
from fhirserver.interactions.dangling import refuse_dangling
from fhirserver.interactions.deciding import decide, says_the_same
from fhirserver.interactions.intents import Done, Intent, at, changed, identified
from fhirserver.interactions.linking import (
    Addresses,
    addresses,
    linked_with_conditions,
    with_conditions_met,
)
from fhirserver.interactions.medicating import medicated
from fhirserver.interactions.recording import on_record
from fhirserver.interactions.writing import written
from fhirserver.storage.database import Connection, Stale
from fhirserver.storage.holding import Held, lock_current

_PLAIN: Final = frozenset({"create", "update"})
Name = tuple[str, str | None]
"""A type and an id."""


class Apart(Exception):
    """Transactions that have to be carried out one after the other."""


@dataclass(frozen=True, slots=True)
class Part:
    """One transaction: what it wants, and the record that this goes on; None is the thread's."""

    intents: Sequence[Intent]
    trail: Trail | None = None


def refuse_apart(parts: Sequence[Part]) -> None:
    """Raise Apart for what is known to need a transaction of its own: all but plain writing."""
    if len(parts) > 1 and not all(_is_plain(i) for p in parts for i in p.intents):
        raise Apart


def _is_plain(intent: Intent) -> bool:
    return (
        intent.action in _PLAIN
        and intent.if_match is None
        and not intent.must_be_new
        and intent.type != "SearchParameter"
        and (intent.criteria is None or bool(identifiers_of(intent.criteria)))
    )


def together(
    ctx: Context,
    parts: Sequence[Part],
    then: Callable[[], None] | None,
    conform: Conform | None,
) -> list[list[Done]]:
    """Carry out all parts, and `then`, in one database transaction."""
    intents = [
        i if i.trail is p.trail or p.trail is None else changed(i, trail=p.trail)
        for p in parts
        for i in p.intents
    ]
    part_of = [number for number, p in enumerate(parts) for _ in p.intents]
    trails = [p.trail for p in parts if p.trail is not None]
    with ctx.store.database.transaction() as connection, on_record(connection, trails):
        conditions = Conditions(ctx, connection)
        conditions.begin(intents)
        settled = _settled(conditions, intents, part_of)
        _refuse_overlap(settled, part_of)
        settled, conditional = _linked(ctx, intents, settled, part_of)
        settled = _without_mentions(ctx, connection, settled, conditional, conform)
        there = _lock_rows(ctx, connection, settled)
        _refuse_gone(conditions, settled, there)
        old = {name: h.version for name, h in there.items()}
        if len(parts) > 1:
            if conditional:
                raise Apart
            now = _one_after_the_other(partial(_change, ctx, {}, there, conform), settled)
            _refuse_crossing(intents, now)
            outcomes = written(ctx, connection, medicated(ctx, now, old, connection), old)
        else:
            known = addresses(intents, settled)
            change = partial(_change, ctx, known, there, conform)
            later = frozenset(conditional)
            now = {n: at(s, change) for n, s in enumerate(settled) if n not in later}
            now = medicated(ctx, now, old, connection)
            outcomes = written(ctx, connection, now, old)
        if conditional:
            with ctx.store.database.reading_inside():
                met = {n: _met(ctx, conditions, settled[n]) for n in conditional}
            changes = {n: at(item, change) for n, item in met.items()}
            changes = medicated(ctx, changes, old, connection)
            outcomes |= written(ctx, connection, changes, old)
            now |= changes
        made = [c for c in now.values() if isinstance(c, Intent)]
        appointments = [c for c in made if may_clash(ctx.settings, c)]
        if appointments or ctx.settings.check_references == "reject":
            with ctx.store.database.reading_inside():
                refuse_dangling(ctx, made)
                refuse_clashes(ctx, connection, appointments, old)
        if then is not None:
            with ctx.store.database.reading_inside():
                then()
    completed = iter(_completed([outcomes[n] for n in range(len(intents))]))
    return [[next(completed) for _ in p.intents] for p in parts]


def _refuse_gone(
    conditions: Conditions, settled: Sequence[Intent | Done], there: Mapping[Name, Held]
) -> None:
    """Raise Stale when what a condition has found was deleted before its row was locked."""
    for item in settled:
        if isinstance(item, Intent) and item.action == "update" and item.id is not None:
            held = there.get((item.type, item.id))
            if (item.type, item.id) in conditions.met and held and held.version.is_deleted:
                raise Stale(f"{item.type}/{item.id} was deleted meanwhile")


def _settled(
    conditions: Conditions, intents: Sequence[Intent], part_of: Sequence[int]
) -> list[Intent | Done]:
    """What each intent means once its condition has been looked up; deletions come first."""
    if all(i.criteria is None and i.action != "delete" for i in intents):
        # As thousands in an import: nothing to be looked up.
        return [identified(i) for i in intents]
    settled: dict[int, Intent | Done] = {}
    for number, intent in sorted(enumerate(intents), key=lambda i: i[1].action != "delete"):
        item = at(intent, partial(conditions.settle, part=part_of[number]))
        settled[number] = identified(item) if isinstance(item, Intent) else item
    return [settled[n] for n in range(len(intents))]


def _one_after_the_other(
    change: Callable[[Intent | Done], Intent | Done], settled: Sequence[Intent | Done]
) -> dict[int, Intent | Done]:
    """What the intents of several parts mean, each after those before it.

    Raises Apart when two of them change one resource.
    """
    made: dict[Name, Intent] = {}
    now: dict[int, Intent | Done] = {}
    for number, item in enumerate(settled):
        earlier = made.get((item.type, item.id)) if isinstance(item, Intent) else None
        if isinstance(item, Intent) and earlier is not None:
            now[number] = _unchanged(item, earlier)
            continue
        now[number] = changed = at(item, change)
        if isinstance(changed, Intent):
            made[changed.type, changed.id] = changed
    return now


def _unchanged(intent: Intent, earlier: Intent) -> Done:
    """What an intent means that says no more than an earlier one has done. Raises Apart."""
    if intent.resource is None or earlier.resource is None:
        raise Apart
    resource = intent.resource
    if intent.combine is not None:
        resource = intent.combine(resource, earlier.resource)
    own = {"id": intent.id}
    if not says_the_same({**resource, **own}, {**earlier.resource, **own}):
        raise Apart
    return Done(200, intent.type, intent.id)


def _refuse_crossing(intents: Sequence[Intent], now: Mapping[int, Intent | Done]) -> None:
    """Raise Apart when a part would have found what another one makes, had it come first."""
    made: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for change in now.values():
        if isinstance(change, Intent) and change.resource is not None:
            listed = change.resource.get("identifier", ())
            for identifier in [listed] if isinstance(listed, dict) else listed:
                made[change.type, str(identifier.get("value")).lower()].add(change.id)
    for number, intent in enumerate(intents):
        for value in identifiers_of(intent.criteria) if intent.criteria is not None else ():
            if made.get((intent.type, value.lower()), set()) - {now[number].id}:
                raise Apart


def _linked(
    ctx: Context,
    intents: Sequence[Intent],
    settled: Sequence[Intent | Done],
    part_of: Sequence[int],
) -> tuple[list[Intent | Done], list[int]]:
    """The intents with their links rewritten; the numbers of those with conditional references.

    These are resolved after everything else has been written, and so may mean a resource that the
    same transaction creates. https://hl7.org/fhir/R4/http.html#trules
    """
    items: list[Intent | Done] = []
    conditional: list[int] = []
    known = _addresses(intents, settled, part_of)
    for number, item in enumerate(settled):
        own = known[part_of[number]]
        if isinstance(item, Intent) and item.resource is not None and (item.may_link or own):
            resource, has_conditions = linked_with_conditions(
                item.resource, item.full_url, own, ctx.definitions.is_resource
            )
            if resource is not item.resource:
                item = changed(item, resource=resource)
            if has_conditions:
                conditional.append(number)
        items.append(item)
    return items, conditional


def _addresses(
    intents: Sequence[Intent], settled: Sequence[Intent | Done], part_of: Sequence[int]
) -> list[Addresses]:
    """Where the entries of each part will be."""
    found: list[Addresses] = []
    start = 0
    for count in _sizes(part_of):
        found.append(addresses(intents[start : start + count], settled[start : start + count]))
        start += count
    return found


def _sizes(part_of: Sequence[int]) -> list[int]:
    counted = Counter(part_of)
    return [counted[n] for n in range(max(counted, default=0) + 1)]


def _met(ctx: Context, conditions: Conditions, item: Intent | Done) -> Intent | Done:
    """The intent with references by id in the place of its conditional ones."""
    if isinstance(item, Done):
        return item
    is_type = ctx.definitions.is_resource
    return at(item, lambda i: with_conditions_met(i, is_type, conditions.reference))


def _change(
    ctx: Context,
    known: Addresses,
    there: Mapping[Name, Held],
    conform: Conform | None,
    item: Intent | Done,
) -> Intent | Done:
    if isinstance(item, Done):
        return item
    return decide(ctx, item, there.get((item.type, item.id)), known, conform)


def _completed(outcomes: list[Done]) -> list[Done]:
    """A conditional create that means another entry's resource gets that entry's version."""
    by_id = {(d.type, d.id): d for d in outcomes if d.version is not None}
    return [
        replace(by_id[d.type, d.id], status=200)
        if d.status == 200 and d.version is None and (d.type, d.id) in by_id
        else d
        for d in outcomes
    ]


def _refuse_overlap(settled: Sequence[Intent | Done], part_of: Sequence[int]) -> None:
    """https://hl7.org/fhir/R4/http.html#trules: no resource may be changed twice."""
    seen: set[tuple[int, Name]] = set()
    for part, item in zip(part_of, settled, strict=True):
        if isinstance(item, Intent):
            name = part, (item.type, item.id)
            if name in seen:
                raise Invalid(
                    "the transaction changes the same resource twice", expression=item.place
                )
            seen.add(name)


def _without_mentions(
    ctx: Context,
    connection: Connection,
    settled: Sequence[Intent | Done],
    conditional: Sequence[int],
    conform: Conform | None,
) -> list[Intent | Done]:
    """The same, where mentions that change nothing are done: nobody has to wait for those."""
    later = frozenset(conditional)
    mentioned = {
        n: item
        for n, item in enumerate(settled)
        if isinstance(item, Intent) and item.is_mention and n not in later
    }
    if not mentioned:
        return list(settled)
    there = _lock_rows(ctx, connection, list(mentioned.values()), locks=False)
    left = list(settled)
    for n, item in mentioned.items():
        if (item.type, item.id) in there:
            changes = at(item, partial(_change, ctx, {}, there, conform))
            if isinstance(changes, Done):
                left[n] = changes
    return left


def _lock_rows(
    ctx: Context, connection: Connection, settled: Sequence[Intent | Done], *, locks: bool = True
) -> dict[Name, Held]:
    wanted: dict[str, set[str]] = defaultdict(set)
    for item in settled:
        # A create by the server's own id has nothing to lock.
        if isinstance(item, Intent) and item.action != "create" and item.id is not None:
            wanted[item.type].add(item.id)
    return {
        (resource_type, i): there
        for resource_type in sorted(wanted)
        for i, there in lock_current(
            connection, ctx.store.guard, resource_type, wanted[resource_type], locks=locks
        ).items()
    }
