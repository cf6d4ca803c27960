"""Arrivals, moves and departures: the Encounter of a story, and the bed that is free by then.

https://hl7.org/fhir/R4/encounter.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fhirserver.demo.day.beds import free_bed
from fhirserver.demo.day.encounters import bed_of, ended, moved, placed
from fhirserver.demo.day.event import Deed, Event, House, NotYet
from fhirserver.demo.day.story import Story
from fhirserver.demo.fhir import Resource, hl7, identifier, period
from fhirserver.demo.moment import stamp
from fhirserver.demo.record import condition, patient
from fhirserver.demo.record.encounter import (
    ADMISSION,
    ATTENDING,
    CLASS,
    FROM_HOME,
    KIND,
    reason,
    service,
)

PLANNED: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate"
EMERGENCY: Final = "emergency"


def register(story: Story, minute: float) -> None:
    """The patient at the registration desk, with their insurance."""
    chart = story.chart
    story.tell(minute, "registered", None, patient.patient(chart, None), patient.coverage(chart))


def arrive(story: Story, minute: float, ward: str, why: str, *, seen: float,
           until: float | None = None) -> None:  # fmt: skip
    """They come to a ward: at `seen` a doctor begins, at `until` they are expected to go home."""
    at = story.at(minute)

    def act(house: House) -> Deed:
        bed = free_bed(house, story.chart.house, ward)
        found = _encounter(story, ward, bed, at, None if until is None else story.at(until))
        place = _called(story, ward, bed)
        word = "arrival" if ward == EMERGENCY else "admission"
        return Deed(f"{word}: {story.name}, {why} -> {place}", [found])

    def begin(house: House) -> Deed:
        found = _current(story, house)
        if found["status"] != "arrived":
            return Deed()
        found |= {
            "status": "in-progress",
            "statusHistory": [{"status": "arrived", "period": period(stamp(at), begun)}],
            "diagnosis": [
                {"condition": story.chart.ref(c), "use": ADMISSION, "rank": n}
                for n, c in enumerate(diagnoses, 1)
            ],
        }
        doctor = story.contact.doctor["display"]
        return Deed(f"seen: {story.name}, by {doctor}", [found, *made])

    begun = stamp(story.at(seen))
    diagnoses = condition.diagnoses(
        story.chart, (story.role.reason, *story.role.also), story.at(seen), None,
        story.contact.doctor,
    )  # fmt: skip
    made = [condition.connect(c, story.contact.encounter) for c in diagnoses]
    story.events.append(Event(at, story.key("arrival"), act))
    story.events.append(Event(story.at(seen), story.key("seen"), begin))


def move(story: Story, minute: float, ward: str, why: str, doctor: Resource) -> None:
    """They are taken to another ward, where another doctor attends; without a bed they stay."""
    at = story.at(minute)

    def act(house: House) -> Deed:
        found = _current(story, house)
        if found["status"] == "finished":
            return Deed()
        bed = free_bed(house, story.chart.house, ward)
        if bed is None:
            name = story.chart.house.wards[ward]["display"]
            return Deed(f"no bed: {story.name} waits for one on the {name}")
        department = "intensive" if ward == "icu" else story.role.department
        made = moved(found, story.chart.house, ward, bed, at, doctor, department)
        line = f"transfer: {story.name}, {why} -> {bed['display']}, {doctor['display']}"
        return Deed(line, [made])

    story.events.append(Event(at, story.key(f"move {minute}"), act))


def leave(story: Story, minute: float, how: str) -> None:
    """They go home, whatever else has happened."""
    at = story.at(minute)

    def act(house: House) -> Deed:
        found = house.read("Encounter", _id(story))
        if found is None or found["status"] == "finished":
            return Deed()
        bed = bed_of(found)
        left = f"; {bed} is to be cleaned" if "bed" in bed else ""
        return Deed(f"discharge: {story.name}, {how}{left}", [ended(found, at)])

    story.events.append(Event(at, story.key("leave"), act, closes=True))


def _id(story: Story) -> str:
    return str(story.contact.encounter["reference"]).partition("/")[2]


def _current(story: Story, house: House) -> Resource:
    found = house.read("Encounter", _id(story))
    if found is None:
        raise NotYet("the patient hasn't come")
    return found


def _encounter(story: Story, ward: str, bed: Resource | None, at: datetime,
               until: datetime | None) -> Resource:  # fmt: skip
    chart, is_emergency = story.chart, ward == EMERGENCY
    department = EMERGENCY if is_emergency else story.role.department
    found: Resource = {
        "resourceType": "Encounter",
        "id": _id(story),
        "identifier": [identifier("visit", f"V{_id(story)[:8].upper()}")],
        "status": "arrived",
        "class": CLASS["EMER" if is_emergency else "IMP"],
        "type": [KIND["emergency" if is_emergency else "inpatient"]],
        "serviceType": service(department),
        "priority": hl7("v3-ActPriority", "EM", "emergency")
        if is_emergency else hl7("v3-ActPriority", "UR", "urgent"),
        "subject": chart.subject,
        "participant": [
            {"type": ATTENDING, "period": period(stamp(at), None),
             "individual": story.contact.doctor},
        ],
        "period": period(stamp(at), None),
        "reasonCode": [reason(story.role.reason)],
        "hospitalization": {"admitSource": FROM_HOME},
        "location": placed(chart.house, ward, bed, at),
        "serviceProvider": chart.house.departments[department],
    }  # fmt: skip
    if until is not None:
        found["extension"] = [{"url": PLANNED, "valueDateTime": stamp(until)}]
    return found


def _called(story: Story, ward: str, bed: Resource | None) -> str:
    return str((bed or story.chart.house.wards[ward])["display"])
