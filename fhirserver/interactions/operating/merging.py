"""Merging two Patients in one database transaction: both change, and all that refers to the source.

What was changed is written down (merging/record.py), so that unmerging.py can undo it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver import clock, ids
from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Gone, NotFound, VersionConflict
from fhirserver.interactions.conforming import conformer
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, Intent
from fhirserver.interactions.operating.merge_records import last_merge
from fhirserver.interactions.operating.referring import referring
from fhirserver.interactions.operating.stepwise import Steps, in_steps
from fhirserver.merging.moving import moved
from fhirserver.merging.patients import (
    merged_source,
    merged_target,
    refuse_unmergeable,
    replaced_by,
)
from fhirserver.merging.record import MOST, Event, Made, provenance
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage.content import instant
from fhirserver.storage.current import current
from fhirserver.storage.rows import Version

_LATE: Final = 3
"""How often a merge looks again for what was written meanwhile."""


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two Patients: its id, and the versions it must have, if the client said so."""

    id: str
    versions: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge has made, or would make: the target, and how many of each type were moved."""

    target: Resource
    moved: Mapping[str, int]


def preview(
    ctx: Context, principal: Principal, source: Party, target: Party, wanted: Resource | None
) -> Merged:
    """What a merge would make now."""
    there = {i: current(ctx.store, "Patient", i) for i in (source.id, target.id)}
    one, other = (parsed(p, there[p.id]) for p in (source, target))
    is_again = _is_again(one, other, wanted)
    if not is_again:
        refuse_unmergeable(one, other)
    found = _referrers(ctx, source.id, target.id)
    _authorize(principal, found)
    counts = {t: len(found[t]) for t in found}
    return Merged(other if is_again else merged_target(one, other, wanted), counts)


def _is_again(source: Resource, target: Resource, wanted: Resource | None) -> bool:
    """Whether the two have been merged already: what has come for the source since is moved.

    A client that lost the answer may ask again, and late results find their way.
    """
    is_done = replaced_by(source) == f"Patient/{target['id']}" and replaced_by(target) is None
    return is_done and wanted is None


def merge(
    ctx: Context, principal: Principal, source: Party, target: Party, wanted: Resource | None
) -> Merged:
    """Merge the source into the target."""
    merged, event = in_steps(
        ctx, lambda steps: _merge(ctx, steps, principal, source, target, wanted)
    )
    counts = Counter(merged.moved)
    for _ in range(_LATE):
        # Who wrote about the source meanwhile didn't know of the merge, nor the merge of them.
        if not _referrers(ctx, source.id, target.id):
            break
        counts += in_steps(ctx, lambda steps: _late(ctx, steps, principal, source, target, event))
    return Merged(merged.target, _some(counts))


def _late(
    ctx: Context, steps: Steps, principal: Principal, source: Party, target: Party, event: Event
) -> Counter[str]:
    """Move what came while the merge was under way; not if it has been undone since."""
    locked = steps.locked("Patient", (source.id, target.id))
    one = parsed(Party(source.id), locked.get(source.id))
    if replaced_by(one) != f"Patient/{target.id}":
        return Counter()
    return _move(ctx, steps, principal, source, target, event)


def _merge(
    ctx: Context,
    steps: Steps,
    principal: Principal,
    source: Party,
    target: Party,
    wanted: Resource | None,
) -> tuple[Merged, Event]:
    # Both are locked first: nobody else can merge one of them meanwhile.
    locked = steps.locked("Patient", (source.id, target.id))
    one, other = (parsed(p, locked.get(p.id)) for p in (source, target))
    _authorize(principal, ())
    is_again = _is_again(one, other, wanted)
    if not is_again:
        refuse_unmergeable(one, other)
    event = Event(
        "merge",
        last_merge(ctx, source.id)[0] if is_again else ids.new(),
        Made("Patient", source.id, locked[source.id].version),
        instant(clock.now()),
        principal.subject,
    )
    if is_again:
        counts = _move(ctx, steps, principal, source, target, event)
        return Merged(other, _some(counts)), event
    update = Intent("update", "Patient", target.id, resource=merged_target(one, other, wanted))
    conform = conformer(ctx, [update])
    done = steps.write(
        [
            Intent("update", "Patient", source.id, resource=merged_source(one, other)),
            update if conform is None else conform(update),
        ],
        locked.values(),
    )
    note(steps, event, done)
    counts = _move(ctx, steps, principal, source, target, event)
    result = json.parse_object((done[1].content or "{}").encode())
    return Merged(result, _some(counts)), event


def _move(
    ctx: Context, steps: Steps, principal: Principal, source: Party, target: Party, event: Event
) -> Counter[str]:
    """Move all that refers to the source; how many of each type."""
    counts: Counter[str] = Counter()
    for resource_type, group in _moving(ctx, steps, principal, source.id, target.id):
        moves = _moves(ctx, resource_type, group, source.id, target.id)
        made = steps.write(moves, group)
        note(steps, event, made)
        counts[resource_type] += len(made)
    return counts


def _some(counts: Mapping[str, int]) -> dict[str, int]:
    return {t: n for t, n in counts.items() if n}


def note(steps: Steps, event: Event, done: Sequence[Done]) -> None:
    """Write down the versions that were made."""
    made = [Made(d.type, d.id or "", d.version or 0) for d in done if d.is_change]
    if made:
        record = provenance(event, made)
        steps.write([Intent("create", "Provenance", ids.new(), resource=record)])


def parsed(party: Party, version: Version | None) -> Resource:
    """One of the two Patients; raises NotFound, Gone or VersionConflict."""
    if version is None:
        raise NotFound(f"Patient/{party.id} doesn't exist")
    if version.content is None:
        raise Gone(f"Patient/{party.id} was deleted")
    if party.versions is not None and not {str(version.version), "*"} & set(party.versions):
        raise VersionConflict(f"Patient/{party.id} has changed since the version that was given")
    return json.parse_object(version.content.encode())


def _moving(
    ctx: Context, steps: Steps, principal: Principal, source: str, target: str
) -> Iterator[tuple[str, list[Version]]]:
    """What refers to the source, locked, a group of one type at a time, until there is no more."""
    seen: set[tuple[str, str]] = set()
    while True:
        with steps.reading():
            found = _referrers(ctx, source, target)
        new = {t: [i for i in group if (t, i) not in seen] for t, group in found.items()}
        new = {t: group for t, group in new.items() if group}
        if not new:
            return
        _authorize(principal, new)
        for resource_type, group in sorted(new.items()):
            seen.update((resource_type, i) for i in group)
            for start in range(0, len(group), MOST):
                part = group[start : start + MOST]
                locked = steps.locked(resource_type, part, all_of_them=True)
                yield resource_type, [v for v in locked.values() if not v.is_deleted]


def _moves(
    ctx: Context, resource_type: str, group: Sequence[Version], source: str, target: str
) -> list[Intent]:
    moves = []
    for version in group:
        resource = json.parse_object((version.content or "{}").encode())
        changed = moved(resource, source, target, ctx.settings.fhir_base)
        if changed is not resource:
            moves.append(Intent("update", resource_type, version.id, resource=changed))
    return moves


def _authorize(principal: Principal, types: Mapping[str, object] | Sequence[str]) -> None:
    """Half a merge would be worse than none: the caller must be allowed to change all of it."""
    for resource_type in ("Patient", *sorted(types)):
        if principal.user is not None and not principal.may("u", resource_type):
            # Without the type: of what people don't see, they aren't told.
            raise Forbidden(
                "you may not change all that refers to these patients: ask somebody who may"
            )
        principal.require("u", resource_type)


def _referrers(ctx: Context, source: str, target: str) -> dict[str, list[str]]:
    """The ids by type of what refers to the source, other than the two Patients.

    All of them: who may not change one of them may not merge.
    """
    found = referring(ctx, f"Patient/{source}")
    if "Patient" in found:
        found["Patient"] = [i for i in found["Patient"] if i not in {source, target}]
    return {t: group for t, group in found.items() if group}
