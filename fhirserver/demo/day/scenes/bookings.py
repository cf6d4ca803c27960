"""Appointments that are booked now, by the operations, for the blood clinic of tomorrow.

The server reminds of them by its own clock, so the time is chosen such that this is soon: the
clinic has a time every ten minutes from seven to seven, and patients are reminded a day and half a
day before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from fhirserver import clock
from fhirserver.demo.day.event import Deed, Event, House, NotYet
from fhirserver.demo.day.outpatients import Outpatient, outpatients
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import STARTS, Shift, minutes
from fhirserver.demo.day.story import HOUSE_SEED
from fhirserver.demo.fhir import OURS, Resource, coding, hl7
from fhirserver.demo.hospital.directory import directory
from fhirserver.demo.hospital.premises import _place as place
from fhirserver.demo.identity import uuid
from fhirserver.demo.moment import HOUR, ZONE, stamp

BOOKINGS: Final = ((28, None), (64, 175), (190, None), (330, None), (520, None))
"""When each is booked, and when it is cancelled again."""
EVERY: Final = timedelta(minutes=10)
SOON: Final = timedelta(seconds=75)
TIME_ZONE: Final = "http://hl7.org/fhir/StructureDefinition/timezone"
NAMES: Final = OURS + "demo-booking"
BLOOD: Final = {"coding": [coding(OURS + "service", "blood-clinic", "Blood test")],
                "text": "Blood test"}  # fmt: skip


@scenes.register("bookings")
def bookings(seed: int, shift: Shift) -> Sequence[Event]:
    """Patients book by telephone and portal, round the clock."""
    people, found = outpatients(), []
    for number, (minute, cancelled) in enumerate(BOOKINGS):
        who = people[(shift.number * len(BOOKINGS) + number) % len(people)]
        key = f"{shift.number}/booking/{number}"
        name = f"{seed}/{key}"
        found.append(_booking(shift.start + minutes(minute), key, name, who))
        if cancelled is not None:
            found.append(_cancelling(shift.start + minutes(cancelled), f"{key}/off", name, who))
    return found


def next_time(now: datetime) -> datetime:
    """A time of the clinic of which a reminder is due soon.

    >>> next_time(datetime(2026, 1, 2, 9, 1, tzinfo=ZONE)).isoformat()
    '2026-01-03T09:10:00-07:00'
    >>> next_time(datetime(2026, 1, 2, 21, 9, tzinfo=ZONE)).isoformat()
    '2026-01-03T09:20:00-07:00'
    """
    first = (now + SOON).astimezone(ZONE)
    start = first.replace(minute=0, second=0, microsecond=0)
    while start < first:
        start += EVERY
    is_open = STARTS <= start.hour < STARTS + 12
    return start + (24 * HOUR if is_open else 12 * HOUR)


def _booking(at: datetime, key: str, name: str, who: Outpatient) -> Event:
    def act(house: House) -> Deed:
        if _booked(house, name):
            return Deed()
        slot = _slot(house, next_time(clock.now()))
        start = datetime.fromisoformat(slot["start"])
        house.operate("Appointment/$book", {
            "resourceType": "Parameters",
            "parameter": [{"name": "appointment-resource", "resource": {
                "resourceType": "Appointment",
                "identifier": [{"system": NAMES, "value": name}],
                "status": "proposed",
                "serviceType": [BLOOD],
                "slot": [{"reference": f"Slot/{slot['id']}"}],
                "start": slot["start"],
                "end": slot["end"],
                "participant": [{"actor": who.reference, "status": "accepted"}],
            }}],
        })  # fmt: skip
        return Deed(f"appointment booked: {who.name}, blood test {start:%a %d %b, %H:%M}")

    return Event(at, key, act)


def _cancelling(at: datetime, key: str, name: str, who: Outpatient) -> Event:
    def act(house: House) -> Deed:
        found = _booked(house, name)
        if not found:
            raise NotYet("it isn't booked")
        if found[0]["status"] != "booked":
            return Deed()
        house.operate(f"Appointment/{found[0]['id']}/$cancel", {
            "resourceType": "Parameters",
            "parameter": [{"name": "reason", "valueCodeableConcept": hl7(
                "appointment-cancellation-reason", "pat", "Patient")}],
        })  # fmt: skip
        return Deed(f"appointment cancelled: {who.name}, blood test")

    return Event(at, key, act)


def _booked(house: House, name: str) -> list[Resource]:
    return house.search("Appointment", identifier=f"{NAMES}|{name}")


def _slot(house: House, start: datetime) -> Resource:
    """The first free time from then on; it is put into the clinic's schedule when it is new."""
    schedule = _clinic(house)
    for number in range(30):
        begins = start + number * EVERY
        id_ = uuid(f"day/blood-clinic/{stamp(begins)}")
        known = house.read("Slot", id_)
        if known is not None and known["status"] != "free":
            continue
        slot = known or {
            "resourceType": "Slot",
            "id": id_,
            "serviceType": [BLOOD],
            "schedule": {"reference": f"Schedule/{schedule}"},
            "status": "free",
            "start": stamp(begins),
            "end": stamp(begins + EVERY),
        }
        if known is None:
            house.write(slot)
        return slot
    raise NotYet("the clinic is full")


def _clinic(house: House) -> str:
    links = directory(HOUSE_SEED, "put").links
    id_ = links.id("Schedule", "blood-clinic")
    if house.read("Schedule", id_) is None:
        room = place(links, "blood-clinic", "Blood clinic, room 2", "ro", "Room") | {
            "extension": [{"url": TIME_ZONE, "valueCode": "America/Phoenix"}],
            "partOf": links.to("Location", "clinic"),
        }
        schedule = links.head("Schedule", "blood-clinic") | {
            "active": True,
            "serviceType": [BLOOD],
            "actor": [{"reference": f"Location/{room['id']}", "display": room["name"]}],
        }
        house.write(room, schedule)
    return id_
