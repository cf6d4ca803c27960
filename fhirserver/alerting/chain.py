"""Who is told, one after the other: attending, ordering, on call; else the department.

https://hl7.org/fhir/R4/encounter-definitions.html#Encounter.participant
https://hl7.org/fhir/R4/practitionerrole-definitions.html#PractitionerRole.availableTime
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fhirserver.fhirpath import temporal
from fhirserver.model.resource import Resource

ATTENDING: Final = ("ATND", "PPRF", "SPRF", "ADM")
"""https://hl7.org/fhir/R4/valueset-encounter-participant-type.html in the order of who answers."""
_PEOPLE: Final = ("Practitioner/", "PractitionerRole/")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Duty:
    """Who of a department is on duty: references, those on call first."""

    on_call: tuple[str, ...] = ()
    present: tuple[str, ...] = ()


def chain(
    encounter: Resource | None,
    orders: Iterable[Resource],
    duty: Duty,
    now: datetime | None = None,
) -> list[str]:
    """References to those responsible, in the order in which they are told.

    Without a time whoever has an end of their part in the encounter counts as gone.
    """
    found = [
        *(_attending(encounter, now) if encounter else ()),
        *(r for o in orders if (r := _person(o.get("requester")))),
        *duty.on_call,
        *duty.present,
    ]
    unique = list(dict.fromkeys(found))
    if not unique and encounter:
        department = encounter.get("serviceProvider", {}).get("reference")
        return [department] if department else []
    return unique


def _attending(encounter: Resource, now: datetime | None) -> Iterator[str]:
    people = encounter.get("participant", ())
    for code in ATTENDING:
        for one in people:
            codes = {c.get("code") for t in one.get("type", ()) for c in t.get("coding", ())}
            if (
                code in codes
                and not _is_over(one.get("period", {}), now)
                and (r := _person(one.get("individual")))
            ):
                yield r


def _is_over(period: Resource, now: datetime | None) -> bool:
    """Whether a part has ended; an end that is planned lies ahead. A day counts until it is over.

    https://hl7.org/fhir/R4/datatypes.html#Period
    """
    text = period.get("end")
    end = temporal.date(text) if text else None
    if end is None or now is None:
        return bool(text)
    if not end.has_time:
        return not _holds({"end": text}, now.date().isoformat())
    return temporal.earliest(temporal.in_utc(end)) <= now.astimezone(UTC).replace(tzinfo=None)


def _person(reference: Resource | None) -> str | None:
    text = (reference or {}).get("reference") or ""
    return text if text.startswith(_PEOPLE) else None


def on_duty(roles: Iterable[Resource], local: datetime) -> list[Resource]:
    """The PractitionerRoles that are at work at a time of the site's clock.

    One without `availableTime` says nothing about it, and isn't counted.
    """
    return [r for r in roles if r.get("active", True) and _is_at_work(r, local)]


def _is_at_work(role: Resource, local: datetime) -> bool:
    today = local.date().isoformat()
    if any(_holds(n.get("during", {}), today) for n in role.get("notAvailable", ())):
        return False
    if not _holds(role.get("period", {}), today):
        return False
    return any(_covers(t, local) for t in role.get("availableTime", ()))


def _holds(period: Resource, today: str) -> bool:
    """Whether a period of days holds today; what has no end goes on."""
    start, end = (period.get("start") or "")[:10], (period.get("end") or "")[:10]
    return (not start or start <= today[: len(start)]) and (not end or end >= today[: len(end)])


def _covers(time: Resource, local: datetime) -> bool:
    days: Sequence[str] = time.get("daysOfWeek", _DAYS)
    today = _DAYS[local.weekday()]
    yesterday = _DAYS[local.weekday() - 1]
    if time.get("allDay"):
        return today in days
    start, end = time.get("availableStartTime"), time.get("availableEndTime")
    if not start or not end:
        return False
    now = local.strftime("%H:%M:%S")
    if start < end:
        return today in days and start <= now < end
    # A night duty ends on the next morning, one that ends when it begins lasts all day.
    return (today in days and now >= start) or (yesterday in days and now < end)


def is_running(slot: Resource, now: datetime) -> bool:
    """Whether a Slot of a duty roster holds now."""
    start, end = temporal.date(slot.get("start") or ""), temporal.date(slot.get("end") or "")
    if start is None or end is None:
        return False
    times = [temporal.earliest(temporal.in_utc(m)) for m in (start, end)]
    return times[0] <= now.replace(tzinfo=None) < times[1]
