"""Schedules of people and scanners, their Slots, and which patient has booked which.

https://hl7.org/fhir/R4/slot.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import SNOMED, Resource, concept, hl7, present
from fhirserver.demo.hospital.links import Links
from fhirserver.demo.hospital.staff import members
from fhirserver.demo.moment import DAY, MINUTE, day, midnight

BEFORE, AFTER, LENGTH = 3 * DAY, 11 * DAY, 30 * MINUTE
HOURS: Final = (8, 9, 10, 11, 13, 14, 15)
CLINICIANS: Final = (
    "doctor-primary-1", "doctor-primary-2", "doctor-cardiology-1", "doctor-obstetrics-1",
    "doctor-paediatrics-1", "doctor-oncology-1", "doctor-orthopaedics-1", "doctor-medicine-1",
)  # fmt: skip
SCANNERS: Final = ("ct-1", "mr-1", "ultrasound-1")
SERVICE: Final = {
    "primary": "general-clinic", "cardiology": "cardiology-clinic",
    "obstetrics": "antenatal-clinic", "paediatrics": "child-clinic",
    "oncology": "oncology-clinic", "radiology": "imaging-service",
}  # fmt: skip
# Coprime to every number of slots we have, so neighbours in the waiting room differ.
STRIDE: Final = 389


@dataclass(frozen=True, slots=True)
class Opening:
    """A half hour someone can book."""

    key: str
    owner: str
    start: datetime


@lru_cache(maxsize=4)
def openings(now: datetime) -> tuple[Opening, ...]:
    """Every half hour on working days from three days ago until eleven days ahead."""
    first = midnight(now) - BEFORE
    days = [first + DAY * n for n in range((BEFORE + AFTER) // DAY)]
    return tuple(
        Opening(
            f"{owner}-{day(date)}-{hour:02}{minute:02}", owner,
            date.replace(hour=hour, minute=minute),
        )
        for date in days
        if date.weekday() < 5
        for owner in (*CLINICIANS, *SCANNERS)
        for hour in HOURS
        for minute in (0, 30)
    )  # fmt: skip


@lru_cache(maxsize=4)
def _bookable(now: datetime) -> tuple[Opening, ...]:
    return tuple(o for o in openings(now) if o.start >= midnight(now) and o.owner in CLINICIANS)


def booking(n: int, now: datetime) -> Opening | None:
    """The half hour that belongs to patient `n`; none once all are taken."""
    free = _bookable(now)
    return free[n * STRIDE % len(free)] if n < len(free) else None


def schedules(links: Links, now: datetime) -> Iterator[Resource]:
    """One Schedule for each clinician and scanner."""
    staff = {m.key: m for m in members(links.seed)}
    specialty = {d["key"]: d.get("specialty") for d in table("premises")["departments"]}
    for owner in (*CLINICIANS, *SCANNERS):
        member = staff.get(owner)
        department = member.department if member else "radiology"
        actor = (
            links.to("Practitioner", owner, member.name) if member else links.to("Device", owner)
        )
        service = SERVICE.get(department)
        actors = [actor, links.to("HealthcareService", service)] if service else [actor]
        yield links.head("Schedule", owner) | present({
            "active": True,
            "serviceType": [{"text": "Imaging" if owner in SCANNERS else "Consultation"}],
            "specialty": [concept(SNOMED, specialty[department])],
            "actor": actors,
            "planningHorizon": {
                "start": (midnight(now) - BEFORE).isoformat(),
                "end": (midnight(now) + AFTER).isoformat(),
            },
            "comment": f"{member.name}'s clinic" if member else None,
        })  # fmt: skip


def slots(links: Links, now: datetime, booked: Collection[str]) -> Iterator[Resource]:
    """Every half hour; `booked` are the keys that a patient's Appointment holds."""
    kind = hl7("v2-0276", "ROUTINE", "Routine appointment - default if not valued")
    for number, opening in enumerate(openings(now)):
        # A seventh of the free time is kept for teaching and emergencies.
        free = "busy-unavailable" if number % 7 == 3 else "free"
        yield links.head("Slot", opening.key) | {
            "appointmentType": kind,
            "schedule": links.to("Schedule", opening.owner),
            "status": "busy" if opening.key in booked else free,
            "start": opening.start.isoformat(),
            "end": (opening.start + LENGTH).isoformat(),
        }
