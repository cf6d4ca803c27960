"""Schedules, and which of them are about the same people, rooms and devices.

https://hl7.org/fhir/R4/schedule.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.errors import Gone, NotFound, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.reading import read, search
from fhirserver.interactions.own_searching import named
from fhirserver.model.bundle import resources
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import reference_of
from fhirserver.scheduling.hours import zone_of
from fhirserver.scheduling.slots import span_of
from fhirserver.scheduling.times import Span, written

_PAGE: Final = 500


def slots_named(ctx: Context, principal: Principal, ids: Sequence[str]) -> dict[str, Resource]:
    """Slots by id; raises for one that isn't there for the caller, nor is its schedule.

    The appointment will name the schedule's actors, so the caller must be one who may know them.
    """
    found: dict[str, Resource] = {}
    seen: set[str] = set()
    for id_ in ids:
        try:
            found[id_] = read(ctx, principal, "Slot", id_)
            schedule = reference_of(found[id_]["schedule"]).rpartition("/")[2]
            if schedule not in seen:
                read(ctx, principal, "Schedule", schedule)
                seen.add(schedule)
        except (NotFound, Gone) as error:
            raise Unprocessable(f"there is no Slot/{id_}", expression="Appointment.slot") from error
    return found


def schedules_of(ctx: Context, slots: Iterable[Resource]) -> dict[str, Resource]:
    """The schedules of slots, by id."""
    wanted = {reference_of(s["schedule"]) for s in slots}
    found = named(ctx, wanted)
    if wanted - found.keys():
        raise Unprocessable("a slot's schedule isn't on this server", expression="Slot.schedule")
    return {s["id"]: s for s in found.values()}


def zone_at(ctx: Context, schedule: Resource) -> tzinfo:
    """The zone of the place where a schedule is, else the server's."""
    texts = [reference_of(a) for a in schedule.get("actor", ())]
    found = named(ctx, texts)
    there = [found[t] for t in texts if t in found]
    further = [reference_of(p) for r in there for p in _places(r)]
    places = [r for r in there if r["resourceType"] == "Location"]
    beyond = named(ctx, further) if not places else {}
    return zone_of([*places, *there, *beyond.values()], ctx.site.zone)


def _places(resource: Resource) -> Sequence[Resource]:
    """Where a role works, a service is offered, a device stands."""
    found = resource.get("location", ())
    return [found] if isinstance(found, dict) else found


def seen_slots(
    ctx: Context, principal: Principal, schedules: Sequence[str], span: Span
) -> list[Resource]:
    """Free and tentatively busy slots of these schedules within a time, as the caller sees them."""
    zone = ctx.site.zone
    found: dict[str, Resource] = {}
    begin = span.start
    while schedules:
        pairs = [
            ("schedule", ",".join(schedules)),
            ("status", "free,busy-tentative"),
            ("start", f"ge{written(begin, zone)}"),
            ("start", f"lt{written(span.end, zone)}"),
            ("_sort", "start"),
            ("_count", str(_PAGE)),
        ]
        some = list(resources(search(ctx, principal, "Slot", pairs)))
        new = [s for s in some if s["id"] not in found]
        found |= {s["id"]: s for s in some}
        if len(some) < _PAGE or not new:
            break
        # Slots that begin at the same second as the last one come once more.
        begin = max(span_of(s).start for s in some)
    return [s for s in found.values() if span_of(s).end <= span.end]
