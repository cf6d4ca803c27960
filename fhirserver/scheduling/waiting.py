"""The waiting list: Appointments of the status `waitlist`, and for whom a slot is.

https://hl7.org/fhir/R4/appointment-definitions.html#Appointment.status
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta, tzinfo
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import WAITED, actors, reference_of
from fhirserver.scheduling.slots import span_of
from fhirserver.scheduling.times import end_of, first_of

_NOT_ASKED_FOR: Final = ("Patient/", "RelatedPerson/")
_LAST: Final = 1_000_000


def fitting(
    waiting: Iterable[Resource], slot: Resource, schedule: Resource, zone: tzinfo
) -> list[Resource]:
    """Whom a slot may be offered to, the first one first: by priority, then who has waited longest.

    A priority of 1 is the highest, none or 0 the lowest, as in iCalendar.
    """
    found = [a for a in waiting if a["status"] == "waitlist" and _fits(a, slot, schedule, zone)]
    return sorted(found, key=_turn)


def offered(appointment: Resource) -> list[str]:
    """The slots that it was offered already."""
    return [
        reference_of(e.get("valueReference"))
        for e in appointment.get("extension", ())
        if e.get("url") == WAITED
    ]


def _fits(appointment: Resource, slot: Resource, schedule: Resource, zone: tzinfo) -> bool:
    span = span_of(slot)
    minutes = appointment.get("minutesDuration")
    if minutes is not None and timedelta(minutes=minutes) > span.end - span.start:
        return False
    if f"Slot/{slot['id']}" in offered(appointment):
        return False
    wanted = {a for a in actors(appointment) if not a.startswith(_NOT_ASKED_FOR)}
    there = {reference_of(a) for a in schedule.get("actor", ())}
    if not wanted <= there:
        return False
    if not _is_kind(appointment, slot, schedule):
        return False
    periods = appointment.get("requestedPeriod", ())
    return not periods or any(
        ("start" not in p or first_of(p["start"], zone) <= span.start)
        and ("end" not in p or span.end <= end_of(p["end"], zone))
        for p in periods
    )


def _is_kind(appointment: Resource, slot: Resource, schedule: Resource) -> bool:
    """Whether the slot is for the kind of service and the specialty that are waited for."""
    for name in ("serviceType", "specialty"):
        wanted = _codes(appointment.get(name, ()))
        given = _codes(slot.get(name) or schedule.get(name, ()))
        if wanted and given and not wanted & given:
            return False
    return True


def _codes(concepts: Iterable[Resource]) -> set[tuple[str, str]]:
    codings = [c for each in concepts for c in each.get("coding", ())]
    return {(c.get("system", ""), c.get("code", "")) for c in codings}


def _turn(appointment: Resource) -> tuple[int, str, str]:
    since = appointment.get("created") or appointment.get("meta", {}).get("lastUpdated", "")
    return appointment.get("priority") or _LAST, since, appointment["id"]
