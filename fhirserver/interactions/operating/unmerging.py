"""Undoing a merge in one database transaction: what hasn't been changed since is as it was before.

What has been changed since is left alone and named; of the two Patients then only that is taken
back which the merge gave them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict
from fhirserver.interactions.context import Context
from fhirserver.interactions.deciding import is_same
from fhirserver.interactions.intents import Done, Intent
from fhirserver.interactions.operating.merge_records import last_merge
from fhirserver.interactions.operating.merging import Party, note, parsed
from fhirserver.interactions.operating.stepwise import Steps, in_steps
from fhirserver.merging.patients import replaced_by, unmerged_source, unmerged_target
from fhirserver.merging.record import MOST, Event, Made
from fhirserver.model import json
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.storage.content import instant
from fhirserver.storage.current import current
from fhirserver.storage.rows import Version
from fhirserver.storage.searches import by_version


@dataclass(slots=True)
class Unmerged:
    """What an undoing has made, or would make.

    `left` are the addresses of what can't be undone, with the reason.
    """

    source: Resource = field(default_factory=dict)
    target: Resource = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    left: list[tuple[str, str]] = field(default_factory=list)


def target_of(ctx: Context, source: Resource) -> str:
    """The id of the Patient that the source was merged into; raises Conflict when it wasn't."""
    into = replaced_by(source)
    found = parse_reference(into or "", ctx.settings.fhir_base)
    if not found.is_local or found.id is None:
        raise Conflict(f"Patient/{source['id']} hasn't been merged into another one here")
    return found.id


def unmerge(
    ctx: Context, principal: Principal, source: Party, *, only_preview: bool = False
) -> Unmerged:
    """Undo the merge of this source."""

    def act(steps: Steps) -> Unmerged:
        return _Undoing(ctx, steps, principal, only_preview).run(source)

    return in_steps(ctx, act)


class _Undoing:
    """One attempt."""

    def __init__(
        self, ctx: Context, steps: Steps, principal: Principal, only_preview: bool
    ) -> None:
        self._ctx = ctx
        self._steps = steps
        self._principal = principal
        self._only_preview = only_preview
        self._event: Event | None = None
        self._result = Unmerged()

    def run(self, party: Party) -> Unmerged:
        self._principal.require("r", "Patient")
        self._principal.require("u", "Patient")
        first = parsed(party, current(self._ctx.store, "Patient", party.id))
        target_id = target_of(self._ctx, first)
        locked = self._steps.locked("Patient", (party.id, target_id))
        source = parsed(party, locked.get(party.id))
        target = parsed(Party(target_id), locked.get(target_id))
        if target_of(self._ctx, source) != target_id:
            raise Conflict("the patient has been merged into another one this very moment")
        if replaced_by(target) is not None:
            raise Conflict(
                f"Patient/{target_id} has itself been merged since: undo that merge first"
            )
        number, made = last_merge(self._ctx, party.id)
        if target_id not in {m.id for m in made if m.type == "Patient"}:
            raise Conflict("the record of the merge names another target: undo later merges first")
        self._event = Event(
            "unmerge",
            number,
            Made("Patient", party.id, locked[party.id].version),
            instant(clock.now()),
            self._principal.subject,
        )
        pair = {party.id, target_id}
        self._restore_patients([m for m in made if m.type == "Patient" and m.id in pair], locked)
        for group in _groups(m for m in made if m.type != "Patient" or m.id not in pair):
            self._restore(group)
        return self._result

    def _restore_patients(self, made: Sequence[Made], locked: Mapping[str, Version]) -> None:
        """Source and target; where changed since, only what the merge did is taken back."""
        past = self._past(made)
        before: dict[str, Resource] = {}
        changed: set[str] = set()
        for m in made:
            version = past.get((m.type, m.id, m.version - 1))
            if version is None:
                raise Conflict(f"the version before {m.address} has been removed for good")
            before[m.id] = _parsed(version)
            if not _is_still(locked[m.id], m, past):
                changed.add(m.id)
        source_id = self._source_id
        (target_id,) = before.keys() - {source_id}
        after = dict(before)
        now = {i: _parsed(locked[i]) for i in before}
        if source_id in changed:
            after[source_id] = unmerged_source(now[source_id], before[source_id], now[target_id])
        if target_id in changed:
            after[target_id] = unmerged_target(now[target_id], before[target_id], before[source_id])
        for i in sorted(changed):
            reason = "changed since: only the link, the identifiers and active were taken back"
            self._result.left.append((f"Patient/{i}", reason))
        written = self._write("Patient", after, [locked[i] for i in sorted(after)])
        after |= {d.id or "": json.parse_object((d.content or "{}").encode()) for d in written}
        self._result.source, self._result.target = after[source_id], after[target_id]

    @property
    def _source_id(self) -> str:
        assert self._event is not None
        return self._event.source.id

    def _restore(self, made: Sequence[Made]) -> None:
        """A group of one type."""
        resource_type = made[0].type
        self._principal.require("u", resource_type)
        locked = self._steps.locked(resource_type, [m.id for m in made])
        past = self._past(made)
        after: dict[str, Resource] = {}
        for m in made:
            version = past.get((m.type, m.id, m.version - 1))
            there = locked.get(m.id)
            if there is None or there.is_deleted:
                self._leave(m, "deleted since")
            elif not _is_still(there, m, past):
                self._leave(m, "changed since")
            elif version is None:
                self._leave(m, "the version before the merge has been removed for good")
            else:
                after[m.id] = _parsed(version)
        self._write(resource_type, after, [locked[i] for i in after])

    def _leave(self, made: Made, reason: str) -> None:
        self._result.left.append((f"{made.type}/{made.id}", reason))

    def _write(
        self, resource_type: str, after: Mapping[str, Resource], old: Iterable[Version]
    ) -> list[Done]:
        self._result.restored[resource_type] += len(after)
        if self._only_preview or not after:
            return []
        assert self._event is not None
        intents = [Intent("update", resource_type, i, resource=r) for i, r in sorted(after.items())]
        done = self._steps.write(intents, old)
        note(self._steps, self._event, done)
        return done

    def _past(self, made: Sequence[Made]) -> dict[tuple[str, str, int], Version]:
        """The versions that the merge made, and those before."""
        wanted = [(m.type, m.id, m.version - n) for m in made for n in (0, 1)]
        found = by_version(self._ctx.store, wanted, limit=len(wanted))
        return {(v.type, v.id, v.version): v for v in found}


def _is_still(there: Version, made: Made, past: Mapping[tuple[str, str, int], Version]) -> bool:
    """Whether a resource says what the merge made of it, in that version or one just like it."""
    if there.version == made.version:
        return True
    version = past.get((made.type, made.id, made.version))
    return (
        version is not None
        and version.content is not None
        and there.content is not None
        and is_same(there.content, json.parse_object(version.content.encode()))
    )


def _groups(made: Iterable[Made]) -> Iterator[list[Made]]:
    """At most MOST of one type."""
    by_type: dict[str, list[Made]] = defaultdict(list)
    for m in made:
        by_type[m.type].append(m)
    for _, group in sorted(by_type.items()):
        for start in range(0, len(group), MOST):
            yield group[start : start + MOST]


def _parsed(version: Version) -> Resource:
    return json.parse_object((version.content or "{}").encode())
