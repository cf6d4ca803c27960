"""Taking slots for appointments and giving them back: all of it in one transaction, or nothing.

Who books locks first the schedules of everybody concerned, always in the same order, then the
slots; what is decided on is read under these locks. So of those who want one time at the same
moment one gets it, and the others find it taken. The caller must have the right to the appointment;
slots change as its consequence. Nothing is told of what is in the way but that something is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fhirserver import clock, ids
from fhirserver.access.access import Access
from fhirserver.errors import Conflict, Invalid, NotFound, VersionConflict
from fhirserver.interactions.clashing import Old, refuse_clashes
from fhirserver.interactions.conforming import conformer
from fhirserver.interactions.context import Context
from fhirserver.interactions.dangling import refuse_dangling
from fhirserver.interactions.deciding import is_same
from fhirserver.interactions.intents import Done, Intent
from fhirserver.interactions.operating.schedules import schedules_of
from fhirserver.interactions.operating.stepwise import Steps, in_steps
from fhirserver.interactions.own_searching import all_matches, named
from fhirserver.interactions.permitted import as_permitted, refuse_unpermitted, shown_again
from fhirserver.interactions.tied import overlapping, related
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.scheduling import slots as slot_states
from fhirserver.scheduling.appointments import (
    OVER,
    hold_ends,
    is_offer,
    reference_of,
    without_slots,
)
from fhirserver.scheduling.slots import TAKEN, Taking, digest, span_of
from fhirserver.scheduling.times import Span
from fhirserver.storage.guard import WHOLE, shown
from fhirserver.storage.holding import held
from fhirserver.storage.rows import Version

CONSEQUENT: Final = frozenset({"Schedule", "Slot"})
NOT_FREE: Final = "this time is not free any more: look for another one with Appointment/$find"

Run = tuple[Resource, list[Resource]]
"""A schedule, and some of its slots one after the other."""
Tied = Mapping[str, Sequence[Resource]]
"""By the id of a schedule, those that some person, room or device has, too."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An appointment as it shall be.

    `id`: the appointment there is already; None for a new one. `make` gives it from what is stored
    under that id now (an empty resource for a new one) and raises when it can't be. `taking` is
    what becomes of the slots of its `runs`; those that it had before and doesn't name are given
    back. `versions` are those that If-Match allows.
    """

    make: Callable[[Resource], Resource]
    runs: tuple[Run, ...] = ()
    taking: Taking = "busy"
    id: str | None = None
    versions: tuple[str, ...] | None = None


def runs_of(ctx: Context, slots: Iterable[Resource]) -> tuple[Run, ...]:
    """Slots by their schedules, in order of time."""
    ordered = sorted(slots, key=span_of)
    schedules = schedules_of(ctx, ordered)
    by_schedule: dict[str, list[Resource]] = {}
    for slot in ordered:
        by_schedule.setdefault(reference_of(slot["schedule"]).partition("/")[2], []).append(slot)
    return tuple((schedules[s], found) for s, found in by_schedule.items())


def carried_out(ctx: Context, wishes: Sequence[Wish]) -> list[Done]:
    """Make all of the wishes true, or none; what became of each appointment.

    Raises Conflict when a slot isn't free, or somebody or something has another appointment then.
    """
    guard = ctx.store.guard
    store = ctx.store
    if isinstance(guard, Access):
        store = replace(store, guard=guard.with_all_of(CONSEQUENT))
    wide = replace(ctx, store=store)
    stored = [_stored(ctx, w) for w in wishes]
    before = [held_slots(ctx, a) for a in stored if a is not None]
    elsewhere = {i for a in stored if a is not None for i in _taken_elsewhere(ctx, a)}
    tied = {s["id"]: related(ctx, s) for w in wishes for s, _ in w.runs}
    _end_overdue(ctx, wishes, tied)
    tied |= {
        s["id"]: related(ctx, s)
        for s in schedules_of(ctx, [x for some in before for x in some]).values()
        if s["id"] not in tied
    }

    def act(steps: Steps) -> list[Done]:
        return _Booking(wide, steps, tied, elsewhere).carry_out(wishes)

    return in_steps(wide, act)


class _Booking:
    """What is done under the locks."""

    def __init__(self, ctx: Context, steps: Steps, tied: Tied, elsewhere: Collection[str]) -> None:
        self._ctx = ctx
        self._steps = steps
        self._tied = tied
        self._elsewhere = elsewhere
        self._now: dict[str, Resource] = {}
        self._was: dict[str, Version] = {}

    def carry_out(self, wishes: Sequence[Wish]) -> list[Done]:
        there = self._steps.locked("Appointment", [w.id for w in wishes if w.id is not None])
        self._steps.locked("Schedule", {s["id"] for some in self._tied.values() for s in some})
        made = [self._made(w, there) for w in wishes]
        with self._steps.reading():
            near = [self._near(w, there) for w in wishes]
        wanted = {s["id"] for some in near for s in some} | set(self._elsewhere)
        wanted |= {s["id"] for w in wishes for _, run in w.runs for s in run}
        self._was = self._steps.locked("Slot", wanted)
        self._now = {i: _content(v) for i, v in self._was.items() if not v.is_deleted}
        for intent, _ in made:
            assert intent.id is not None
            self._give_back(intent.id)
        for slot_id in self._elsewhere:
            slot = self._now.get(slot_id, {})
            if slot.get("status") in TAKEN and not slot_states.taken_by(slot):
                self._now[slot_id] = {**slot, "status": "free"}
        for wish, (intent, _) in zip(wishes, made, strict=True):
            assert intent.id is not None
            self._take(wish, intent.id)
        return self._write(made)

    def _made(self, wish: Wish, there: Mapping[str, Version]) -> tuple[Intent, Version | None]:
        if wish.id is None:
            intent = Intent("create", "Appointment", ids.new(), resource=wish.make({}))
            refuse_unpermitted(self._ctx.store.guard, intent, None)
            return intent, None
        old = there.get(wish.id)
        if old is None or old.is_deleted:
            raise NotFound(f"Appointment/{wish.id} doesn't exist")
        if wish.versions is not None and not {"*", str(old.version)} & set(wish.versions):
            raise VersionConflict
        seen = _content(shown(self._ctx.store.guard, old))
        return Intent("update", "Appointment", wish.id, resource=wish.make(seen)), old

    def _near(self, wish: Wish, there: Mapping[str, Version]) -> list[Resource]:
        """The slots that the appointment has, or that are in its way."""
        found = [
            slot
            for schedule, run in wish.runs
            for slot in overlapping(self._ctx, self._tied[schedule["id"]], _whole(run))
        ]
        old = there.get(wish.id or "")
        if old is not None and not old.is_deleted:
            found += held_slots(self._ctx, _content(old))
        return found

    def _give_back(self, appointment: str) -> None:
        self._now = {i: slot_states.release(s, appointment) for i, s in self._now.items()}

    def _take(self, wish: Wish, appointment: str) -> None:
        mine = digest(appointment)
        own = {s["id"] for _, run in wish.runs for s in run}
        for slot_id in own:
            slot = self._now.get(slot_id)
            if slot is None or slot["status"] != "free":
                raise Conflict(NOT_FREE)
            self._now[slot_id] = slot_states.take(slot, appointment, wish.taking)
        for schedule, run in wish.runs:
            whole = _whole(run)
            tied = {f"Schedule/{s['id']}" for s in self._tied[schedule["id"]]}
            for slot_id, slot in self._now.items():
                is_near = reference_of(slot["schedule"]) in tied and span_of(slot).overlaps(whole)
                if not is_near or mine in slot_states.taken_by(slot):
                    continue
                if slot["status"] in TAKEN:
                    raise Conflict(NOT_FREE)
                self._now[slot_id] = slot_states.block(slot, appointment)

    def _write(self, made: Sequence[tuple[Intent, Version | None]]) -> list[Done]:
        intents, olds = [i for i, _ in made], [o for _, o in made]
        conform = conformer(self._ctx, intents)
        intents = [conform(i) if conform is not None else i for i in intents]
        guard = self._ctx.store.guard
        intents = [as_permitted(guard, i, o) for i, o in zip(intents, olds, strict=True)]
        kept = {n: _unchanged(o) for n, (i, o) in enumerate(zip(intents, olds, strict=True))
                if o is not None and is_same(o.content or "{}", i.resource)}  # fmt: skip
        changed = [
            (Intent("update", "Slot", i, resource=slot), self._was[i])
            for i, slot in self._now.items()
            if slot != _content(self._was[i])
        ]
        new = {n: i for n, i in enumerate(intents) if n not in kept}
        old = [o for o in olds if o is not None] + [o for _, o in changed]
        done = self._steps.write([*new.values(), *(i for i, _ in changed)], old)
        with self._steps.reading():
            refuse_dangling(self._ctx, new.values())
            # Another system may have written an appointment without any slot.
            before: Old = {(o.type, o.id): o for o in olds if o is not None}
            refuse_clashes(self._ctx, self._steps.connection, new.values(), before)
        told = kept | dict(zip(new, done, strict=False))
        return [shown_again(guard, told[n]) if n in kept else told[n] for n in sorted(told)]


def _unchanged(version: Version) -> Done:
    return Done(200, version.type, version.id, version.version, version.updated, version.content)


def held_slots(ctx: Context, appointment: Resource) -> list[Resource]:
    """The slots that an appointment has taken or blocks."""
    mine = digest(appointment["id"])
    own = named(ctx, [reference_of(s) for s in appointment.get("slot", ())])
    found = {s["id"]: s for s in own.values() if mine in slot_states.taken_by(s)}
    for schedule, run in runs_of(ctx, found.values()):
        for slot in run:
            for other in overlapping(ctx, related(ctx, schedule), span_of(slot)):
                if mine in slot_states.blocked_by(other):
                    found[other["id"]] = other
    return list(found.values())


def _stored(ctx: Context, wish: Wish) -> Resource | None:
    """An appointment as it was before, as far as is known without locks."""
    if wish.id is None:
        return None
    return named(ctx, [f"Appointment/{wish.id}"]).get(f"Appointment/{wish.id}")


def _taken_elsewhere(ctx: Context, appointment: Resource) -> Iterator[str]:
    """The slots that an appointment names and has from another system, so that they don't say so.

    Anybody could claim such a slot: it is given back only for who may change slots by themselves,
    and if no other appointment names it.
    """
    for reference, slot in named(ctx, map(reference_of, appointment.get("slot", ()))).items():
        if slot["status"] not in TAKEN or slot_states.taken_by(slot):
            continue
        there = held(ctx.store, "Slot", slot["id"])
        if there is None or not there.may_update:
            continue
        others = all_matches(ctx, "Appointment", [("slot", reference)])
        if not any(a["id"] != appointment["id"] and a["status"] not in OVER for a in others):
            yield slot["id"]


def overdue_holds(ctx: Context, slots: Iterable[Resource], now: datetime) -> list[Resource]:
    """The appointments whose hold on some of these slots is over, and hasn't been ended yet."""
    tentative = {s["id"]: s for s in slots if s["status"] == "busy-tentative"}
    if not tentative:
        return []
    names = ",".join(f"Slot/{i}" for i in sorted(tentative))
    found = all_matches(ctx, "Appointment", [("slot", names), ("status", "pending")])
    digests = {d for s in tentative.values() for d in slot_states.taken_by(s)}
    return [
        a
        for a in found
        if digest(a["id"]) in digests and (ends := hold_ends(a)) is not None and ends <= now
    ]


def end_hold(ctx: Context, appointment: str) -> Done | None:
    """End a hold that is over, as the server's own work; None when it wasn't one any more."""
    own = replace(ctx, store=replace(ctx.store, guard=WHOLE))
    try:
        return carried_out(own, [Wish(_ended, id=appointment)])[0]
    except (_NotOver, NotFound):
        return None


class _NotOver(Exception):
    """The hold was confirmed, ended or made longer by somebody else."""


def _ended(appointment: Resource) -> Resource:
    ends = hold_ends(appointment)
    if ends is None or ends > clock.now():
        raise _NotOver
    return without_slots(appointment, "waitlist" if is_offer(appointment) else "cancelled")


def _end_overdue(ctx: Context, wishes: Sequence[Wish], tied: Tied) -> None:
    """End the holds that are over on the wanted slots and on those that overlap them."""
    runs = [(s, run) for w in wishes for s, run in w.runs]
    near = [x for s, run in runs for x in overlapping(ctx, tied[s["id"]], _whole(run))]
    own = {w.id for w in wishes}
    for appointment in overdue_holds(ctx, near, clock.now()):
        # Who comes late still gets what they held, as long as nobody else wants it.
        if appointment["id"] not in own:
            end_hold(ctx, appointment["id"])


def _whole(run: Sequence[Resource]) -> Span:
    return Span(span_of(run[0]).start, span_of(run[-1]).end)


def _content(version: Version) -> Resource:
    return json.parse_object((version.content or "{}").encode())


def appointment_of(done: Done) -> Resource | None:
    """The appointment as the caller may read it; None when they may not."""
    return None if done.content is None else json.parse_object(done.content.encode())


def refuse_past(span: Span) -> None:
    if span.end <= clock.now():
        raise Invalid("this time is over: appointments are made for the future")
