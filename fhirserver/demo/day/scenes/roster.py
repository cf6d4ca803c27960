"""Who is on call in a shift: the last whom an alert is passed on to.

https://hl7.org/fhir/R4/slot.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.demo.day.event import Event, told
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift, minutes
from fhirserver.demo.day.story import HOUSE_SEED
from fhirserver.demo.fhir import OURS, coding
from fhirserver.demo.hospital.directory import directory
from fhirserver.demo.identity import uuid
from fhirserver.demo.moment import stamp

ON_CALL: Final = {
    "coding": [coding(OURS + "CodeSystem/alert", "on-call", "On call")], "text": "On call",
}  # fmt: skip
DOCTORS: Final = ("doctor-medicine-2", "doctor-medicine-3")
"""By day, by night."""


@scenes.register("roster")
def roster(seed: int, shift: Shift) -> Sequence[Event]:
    """The duty of the shift, as the roster system sends it."""
    house = directory(HOUSE_SEED, "put")
    key = DOCTORS[shift.is_night]
    who = house.people[key]
    schedule = house.links.head("Schedule", f"on-call-{key}") | {
        "active": True,
        "serviceType": [ON_CALL],
        "actor": [who],
        "comment": f"{who['display']} on call",
    }
    duty = {
        "resourceType": "Slot",
        "id": uuid(f"{seed}/day/{shift.number}/duty"),
        "serviceType": [ON_CALL],
        "schedule": {"reference": f"Schedule/{schedule['id']}"},
        "status": "busy",
        "start": stamp(shift.start),
        "end": stamp(shift.end),
    }
    line = f"{'night' if shift.is_night else 'day'} shift, on call: {who['display']}"
    return [
        told(shift.start + minutes(1), f"{shift.number}/roster/duty", line, [schedule, duty])
    ]  # fmt: skip
