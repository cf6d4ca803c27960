"""Appointments that are written directly, beside $book: nobody gets two at one time by them either.

After an appointment has been written, and before its transaction ends, the others of its people,
rooms, devices and slots are looked at under locks of theirs. So of two that are written at the same
moment one sees the other. Nothing is told of what is in the way but that something is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from fhirserver import clock
from fhirserver.errors import Conflict
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.own_searching import all_matches, named
from fhirserver.interactions.tied import LONGEST, exclusive, overlapping
from fhirserver.model import json
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import reference_of
from fhirserver.scheduling.clashes import KEEPING, asks_for_more, clashes, comers, slots_of
from fhirserver.scheduling.slots import TAKEN, span_of, taken_by
from fhirserver.scheduling.slots import digest as digest_of
from fhirserver.scheduling.times import Span, written
from fhirserver.search.hashing import digest
from fhirserver.settings import Settings
from fhirserver.storage.database import Connection
from fhirserver.storage.rows import Version
from fhirserver.storage.versions import lock_conditions

TYPE: Final = "Appointment"
CLASH: Final = (
    "somebody or something of this appointment has another one at this time: look for a free time "
    "with Appointment/$find"
)
LOSS: Final = "this appointment has slots: $cancel it first, and their time is free again"
Old = Mapping[tuple[str, str | None], Version]


def may_clash(settings: Settings, intent: Intent) -> bool:
    """Whether a change is looked at: it depends on who asks for it."""
    if intent.type != TYPE or intent.writer is None:
        return False
    match settings.appointment_rules:
        case "off":
            return False
        case "people":
            return intent.writer == "person"
        case _:
            sources = filter(None, map(str.strip, settings.appointment_sources.split(",")))
            return not any(fnmatchcase(intent.source, s) for s in sources)


def refuse_clashes(
    ctx: Context, connection: Connection, intents: Iterable[Intent], old: Old
) -> None:
    """Raise Conflict for the first appointment whose time somebody or something has not free.

    It is called in the transaction that has written them, and reads what that sees.
    """
    now = clock.now()
    looked_at: list[tuple[Intent, Resource]] = []
    for intent in intents:
        version = old.get((intent.type, intent.id))
        if intent.action == "delete":
            _refuse_loss(ctx, intent, _before(version))
            continue
        appointment = {**(intent.resource or {}), "id": intent.id}
        if asks_for_more(appointment, _before(version), now):
            looked_at.append((intent, appointment))
    if not looked_at:
        return
    wanted = [(i, a, *_taking(ctx, a)) for i, a in looked_at]
    names = {n for _, _, parties, slots in wanted for n in (*parties, *slots)}
    if names:
        lock_conditions(connection, [digest(f"appointment of {n}") for n in names])
    for intent, appointment, parties, slots in wanted:
        others = _others(ctx, span_of(appointment), parties, slots)
        if clashes(appointment, others, now):
            error = Conflict(CLASH)
            raise error.inside(intent.place) if intent.place else error


def _refuse_loss(ctx: Context, intent: Intent, before: Resource | None) -> None:
    """Raise Conflict when a deletion would leave slots behind that nobody could free any more."""
    found = named(ctx, _local(ctx, slots_of(before or {})))
    mine = digest_of(str(intent.id))
    if any(mine in taken_by(s) and s["status"] in TAKEN for s in found.values()):
        error = Conflict(LOSS)
        raise error.inside(intent.place) if intent.place else error


def _before(version: Version | None) -> Resource | None:
    if version is None or version.content is None:
        return None
    return json.parse_object(version.content.encode())


def _taking(ctx: Context, appointment: Resource) -> tuple[set[str], set[str]]:
    """Whose time an appointment takes, and which slots."""
    slots = _local(ctx, slots_of(appointment))
    found = named(ctx, slots)
    schedules = named(ctx, (reference_of(s["schedule"]) for s in found.values()))
    theirs = [reference_of(a) for s in schedules.values() for a in s.get("actor", ())]
    return exclusive(ctx, {*_local(ctx, comers(appointment)), *theirs}), set(slots)


def _local(ctx: Context, texts: Iterable[str]) -> list[str]:
    parsed = (parse_reference(t, ctx.settings.fhir_base) for t in texts)
    return [f"{p.type}/{p.id}" for p in parsed if p.is_local and p.id is not None]


def _others(ctx: Context, span: Span, parties: set[str], slots: set[str]) -> list[Resource]:
    """The appointments of these at about that time, and those of these slots and of such as
    overlap them.
    """
    status = ("status", ",".join(KEEPING))
    near = set(slots)
    found: list[Resource] = []
    if parties:
        actors = ("actor", ",".join(sorted(parties)))
        zone = ctx.site.zone
        times = [
            ("date", f"lt{written(span.end, zone)}"),
            ("date", f"ge{written(span.start - LONGEST, zone)}"),
        ]
        with_them = all_matches(ctx, TYPE, [actors, status, *times])
        # Those who declined are found, too.
        found += [a for a in with_them if not parties.isdisjoint(_local(ctx, comers(a)))]
        schedules = all_matches(ctx, "Schedule", [actors])
        if schedules:
            near |= {f"Slot/{s['id']}" for s in overlapping(ctx, schedules, span)}
    if near:
        found += all_matches(ctx, TYPE, [("slot", ",".join(sorted(near))), status])
    return found
