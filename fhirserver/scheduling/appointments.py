"""Appointments as they come to be: proposed, held, booked, cancelled.

https://hl7.org/fhir/R4/appointment.html#statuses
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Final, Literal

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource
from fhirserver.scheduling.slots import span_of
from fhirserver.scheduling.times import Span, moment, written

HOLD_ENDS: Final = "https://fhirserver.example/StructureDefinition/appointment-hold-ends"
"""An extension of a held appointment: when the hold ends by itself."""
PREVIOUS: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.previousAppointment"
)
"""R5's element, for an appointment in the place of another."""
WAITED: Final = "https://fhirserver.example/StructureDefinition/appointment-waited"
"""An extension of an appointment from the waiting list: the slots that it was offered."""
OVER: Final = frozenset({"fulfilled", "cancelled", "noshow", "entered-in-error"})
HOLDABLE: Final = frozenset({"proposed", "waitlist", "pending"})
_SHARED: Final = ("serviceCategory", "serviceType", "specialty")


Runs = Sequence[tuple[Resource, Sequence[Resource]]]
"""Schedules, each with some of its slots one after the other."""


def reference_of(reference: Mapping[str, Any] | None) -> str:
    return str((reference or {}).get("reference", ""))


def actors(resource: Resource) -> list[str]:
    """Who and what takes part."""
    return [text for p in resource.get("participant", ()) if (text := reference_of(p.get("actor")))]


def proposed(runs: Runs, span: Span, zone: tzinfo) -> Resource:
    """An appointment that could be made: of each schedule some slots."""
    schedule = runs[0][0]
    return with_slots(
        {
            "resourceType": "Appointment",
            "status": "proposed",
            **{k: schedule[k] for k in _SHARED if k in schedule},
        },
        runs,
        span,
        zone,
    )


def with_slots(
    appointment: Resource, runs: Runs, span: Span, zone: tzinfo, *, joined: bool = True
) -> Resource:
    """The appointment at the time of these slots; if `joined`, with those whose slots they are."""
    left = {k: v for k, v in appointment.items() if k != "minutesDuration"}
    minutes = int((span.end - span.start) / timedelta(minutes=1))
    known = set(actors(appointment))
    more: dict[str, Resource] = {}
    for schedule, _ in runs:
        for actor in schedule.get("actor", ()):
            if joined and reference_of(actor) not in known:
                more.setdefault(reference_of(actor), {"actor": actor, "status": "accepted"})
    return {
        **left,
        "start": written(span.start, zone),
        "end": written(span.end, zone),
        **({"minutesDuration": minutes} if minutes else {}),
        "slot": [{"reference": f"Slot/{s['id']}"} for _, slots in runs for s in slots],
        "participant": [*appointment.get("participant", ()), *more.values()],
    }


def moved(
    appointment: Resource,
    left: Iterable[Resource],
    runs: Runs,
    span: Span,
    zone: tzinfo,
) -> Resource:
    """The appointment at another time: who came only with the schedules it has left, goes."""
    gone = {reference_of(a) for schedule in left for a in schedule.get("actor", ())}
    stay = [
        p for p in appointment.get("participant", ()) if reference_of(p.get("actor")) not in gone
    ]
    return with_slots({**appointment, "participant": stay}, runs, span, zone)


def time_of(given: Resource, runs: Runs) -> Span:
    """When an appointment is: as it says, if all its schedules' slots cover that, else as they are.

    Raises Invalid when the slots have gaps or don't cover it.
    """
    whole = [Span(span_of(s[0]).start, span_of(s[-1]).end) for _, s in runs]
    for _, slots in runs:
        for one, other in pairwise(slots):
            if moment(one["end"]) != moment(other["start"]):
                raise Invalid("the slots of a schedule must follow one another without a gap")
    if "start" in given and "end" in given:
        span = span_of(given)
    else:
        span = Span(max(s.start for s in whole), min(s.end for s in whole))
    if span.start >= span.end or any(s.start > span.start or s.end < span.end for s in whole):
        raise Invalid("the slots don't cover the time of the appointment")
    return span


def held(appointment: Resource, until: datetime, zone: tzinfo) -> Resource:
    """The appointment while its slots are kept for it."""
    ends = {"url": HOLD_ENDS, "valueInstant": written(until, zone)}
    kept = [e for e in appointment.get("extension", ()) if e.get("url") != HOLD_ENDS]
    return {**appointment, "status": "pending", "extension": [*kept, ends]}


def hold_ends(appointment: Resource) -> datetime | None:
    """When a hold ends by itself; None when the appointment isn't held."""
    if appointment.get("status") != "pending":
        return None
    for extension in appointment.get("extension", ()):
        if extension.get("url") == HOLD_ENDS:
            return moment(extension["valueInstant"])
    return None


def offered(appointment: Resource) -> Resource:
    """An appointment of the waiting list that is held, with a note of what it was offered."""
    made = [{"url": WAITED, "valueReference": s} for s in appointment["slot"]]
    return {**appointment, "extension": [*appointment.get("extension", ()), *made]}


def is_offer(appointment: Resource) -> bool:
    """Whether a time is held for somebody on the waiting list."""
    return hold_ends(appointment) is not None and any(
        e.get("url") == WAITED for e in appointment.get("extension", ())
    )


def booked(appointment: Resource) -> Resource:
    return {**appointment, "status": "booked"}


def without_slots(
    appointment: Resource,
    status: Literal["cancelled", "waitlist"],
    reason: Mapping[str, Any] | None = None,
) -> Resource:
    """The appointment that has given its slots back.

    What it had stays on record: R4 wants a time of all but proposed and cancelled ones.
    """
    made: Resource = {**appointment, "status": status}
    if status == "waitlist":
        kept = [e for e in made.get("extension", ()) if e.get("url") != HOLD_ENDS]
        made = {k: v for k, v in made.items() if k not in {"extension", "slot", "start", "end"}}
        made |= {"extension": kept} if kept else {}
    if reason is not None:
        made["cancelationReason"] = dict(reason)
    return made
