"""The clinic by day: one patient comes, one calls off, one doesn't come.

These times lie behind the clock on the wall, so the feed writes what the reception knows.
https://hl7.org/fhir/R4/appointment.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.demo.day.event import Event, told
from fhirserver.demo.day.outpatients import outpatients
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift, minutes
from fhirserver.demo.day.story import HOUSE_SEED
from fhirserver.demo.fhir import Resource, hl7, identifier
from fhirserver.demo.hospital.directory import directory
from fhirserver.demo.hospital.timetable import LENGTH
from fhirserver.demo.identity import uuid
from fhirserver.demo.moment import DAY, MINUTE, stamp
from fhirserver.demo.record.appointment import ROUTINE
from fhirserver.demo.record.encounter import service

# Of each appointment: when it begins, and what becomes of it, in minutes after seven.
BOOK: Final = (
    (110, ((104, "arrived", "has come"), (142, "fulfilled", "has been seen"))),
    (140, ((48, "cancelled", "has called off"),)),
    (170, ((203, "noshow", "didn't come"),)),
)  # fmt: skip
CALLED_OFF: Final = hl7("appointment-cancellation-reason", "pat", "Patient")


@scenes.register("clinic")
def clinic(seed: int, shift: Shift) -> Sequence[Event]:
    """Three appointments of a general practitioner."""
    if shift.is_night or shift.start.weekday() >= 5:
        return ()
    house, people = directory(HOUSE_SEED, "put"), outpatients()
    doctor = house.people[f"doctor-primary-{1 + shift.number // 2 % 4}"]
    found = []
    for number, (start, fates) in enumerate(BOOK):
        who = people[(shift.number * len(BOOK) + number) % len(people)]
        key = f"{shift.number}/clinic/{number}"
        at = shift.start + minutes(start)
        booked: Resource = {
            "resourceType": "Appointment",
            "id": uuid(f"{seed}/day/{key}"),
            "identifier": [identifier("appointment", f"demo-day-{seed}-{key}")],
            "status": "booked",
            "serviceType": [service("primary")],
            "appointmentType": ROUTINE,
            "start": stamp(at),
            "end": stamp(at + LENGTH),
            "minutesDuration": LENGTH // MINUTE,
            "created": stamp(shift.start - 6 * DAY),
            "participant": [
                {"actor": who.reference, "required": "required", "status": "accepted"},
                {"actor": doctor, "required": "required", "status": "accepted"},
                {"actor": house.wards["clinic"], "required": "information-only",
                 "status": "accepted"},
            ],
        }  # fmt: skip
        found.append(told(shift.start + minutes(3), f"{key}/booked", None, [booked]))
        for minute, status, words in fates:
            line = f"clinic: {who.name} {words} ({at:%H:%M}, {doctor['display']})"
            now = {**booked, "status": status}
            if status == "cancelled":
                now["cancelationReason"] = CALLED_OFF
            found.append(told(shift.start + minutes(minute), f"{key}/{status}", line, [now]))
    return found
