"""When an appointment keeps somebody or something from having another one at that time.

https://hl7.org/fhir/R4/appointment.html#statuses
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import hold_ends, reference_of
from fhirserver.scheduling.slots import span_of

KEEPING: Final = ("pending", "booked", "arrived", "checked-in")
"""In these a time is kept. `proposed` and `waitlist` have none yet; the rest are over."""
_AS_MANY_AS_COME: Final = ("Patient/", "RelatedPerson/")
"""They may be wanted at two places at a time, and know best which one they go to."""


def keeps_time(appointment: Resource | None, now: datetime) -> bool:
    """Whether the time is kept; a hold that is over keeps nothing."""
    if appointment is None or appointment.get("status") not in KEEPING:
        return False
    if "start" not in appointment or "end" not in appointment:
        return False
    ends = hold_ends(appointment)
    return ends is None or ends > now


def comers(appointment: Resource) -> list[str]:
    """References of those who come: who has declined, or is only informed, doesn't."""
    return [
        text
        for p in appointment.get("participant", ())
        if p.get("status") != "declined"
        and p.get("required") != "information-only"
        and (text := reference_of(p.get("actor")))
        and not text.startswith(_AS_MANY_AS_COME)
    ]


def slots_of(appointment: Resource) -> list[str]:
    """References of its slots."""
    return [text for s in appointment.get("slot", ()) if (text := reference_of(s))]


def asks_for_more(appointment: Resource, before: Resource | None, now: datetime) -> bool:
    """Whether it keeps a time, or keeps it of somebody, as it didn't in its version before."""
    if not keeps_time(appointment, now):
        return False
    if before is None or not keeps_time(before, now):
        return True
    return (
        span_of(appointment) != span_of(before)
        or not set(comers(appointment)) <= set(comers(before))
        or not set(slots_of(appointment)) <= set(slots_of(before))
    )


def clashes(appointment: Resource, others: Iterable[Resource], now: datetime) -> bool:
    """Whether one of the others, with which it has somebody or some schedule in common, keeps some
    of its time or one of its slots.
    """
    own, span = set(slots_of(appointment)), span_of(appointment)
    return any(
        keeps_time(other, now)
        and (span_of(other).overlaps(span) or not own.isdisjoint(slots_of(other)))
        for other in others
        if other["id"] != appointment["id"]
    )
