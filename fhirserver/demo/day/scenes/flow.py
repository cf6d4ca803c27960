"""Who has been here longest moves on: out of the emergency department, and home from the wards.

So the patients who were loaded with the hospital leave it in the course of the days, too, and it
never fills up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fhirserver.demo.day import beds
from fhirserver.demo.day.encounters import bed_of, ended, moved
from fhirserver.demo.day.event import Act, Deed, Event, House
from fhirserver.demo.day.scenes import scenes
from fhirserver.demo.day.shifts import Shift, minutes
from fhirserver.demo.day.story import HOUSE_SEED
from fhirserver.demo.fhir import Resource
from fhirserver.demo.hospital.directory import Directory, directory
from fhirserver.demo.moment import DAY, HOUR, stamp

ROUNDS: Final = (9.0, 31.0, 62.0, 92.0)
"""When somebody asks who waits in the emergency department for too long."""
WAITED: Final = 6 * HOUR
HOME_FROM: Final = (("medical", 205.0, 4 * DAY), ("surgical", 235.0, 4 * DAY))
"""Of a ward, when in a shift it sends one home who has been there for so long."""
BROKEN: Final = "65966004"
"""Fracture of forearm: goes home from the emergency department."""


@scenes.register("flow")
def flow(seed: int, shift: Shift) -> Sequence[Event]:
    """The bed manager's rounds."""
    where, found = directory(HOUSE_SEED, "put"), []
    doctor = where.people["doctor-medicine-1"]
    for minute in ROUNDS:
        at = shift.start + minutes(minute)
        key = f"{shift.number}/flow/emergency {minute:.0f}"
        found += [
            Event(at, key, _onwards(where, at, doctor)),
            beds.cleaning(at + minutes(18), f"{key} cleaned", where),
        ]
    for ward, minute, stayed in HOME_FROM:
        at = shift.start + minutes(minute)
        key = f"{shift.number}/flow/{ward}"
        found += [
            Event(at, key, _homewards(where, ward, at, at - stayed)),
            beds.cleaning(at + minutes(40), f"{key} cleaned", where),
        ]
    return found


def _onwards(where: Directory, at: datetime, doctor: Resource) -> Act:
    def act(house: House) -> Deed:
        for found in _longest(house, where, "emergency", at - WAITED):
            if any(c["code"] == BROKEN for r in found["reasonCode"] for c in r["coding"]):
                return _home(house, found, at)
            bed = beds.free_bed(house, where, "medical")
            if bed is not None:
                made = moved(found, where, "medical", bed, at, doctor, "medicine")
                return Deed(f"transfer: {_name(house, found)} -> {bed['display']}", [made])
        return Deed()

    return act


def _homewards(where: Directory, ward: str, at: datetime, since: datetime) -> Act:
    def act(house: House) -> Deed:
        found = _longest(house, where, ward, since)
        return _home(house, found[0], at) if found else Deed()

    return act


def _home(house: House, found: Resource, at: datetime) -> Deed:
    line = f"discharge: {_name(house, found)}, home; {bed_of(found)} is to be cleaned"
    return Deed(line, [ended(found, at)])


def _name(house: House, found: Resource) -> str:
    if "display" in found["subject"]:
        return str(found["subject"]["display"])
    patient = house.read("Patient", found["subject"]["reference"].partition("/")[2]) or {}
    name = patient.get("name", [{}])[0]
    return f"{' '.join(name.get('given', [])[:1])} {name.get('family', 'somebody')}".strip()


def _longest(house: House, where: Directory, ward: str, since: datetime) -> list[Resource]:
    """The stays on a ward that began before that, the longest first."""
    place = where.wards[ward]["reference"]
    found = house.search(
        "Encounter", location=place, status="in-progress", date=f"le{stamp(since)}", _count="50"
    )
    here = [
        e for e in found
        if e["period"]["start"] <= stamp(since) and any(
            p["location"]["reference"] == place and p.get("status") == "active"
            for p in e["location"]
        )
    ]  # fmt: skip
    return sorted(here, key=lambda e: str(e["period"]["start"]))
