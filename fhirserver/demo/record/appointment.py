"""Appointments: kept, missed, and to come.

https://hl7.org/fhir/R4/appointment.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fhirserver.demo.fhir import Resource, hl7, identifier
from fhirserver.demo.hospital.timetable import LENGTH, Opening
from fhirserver.demo.moment import DAY, MINUTE, midnight, stamp, working_hours
from fhirserver.demo.record.chart import Chart, Contact
from fhirserver.demo.record.encounter import reason, service

ROUTINE: Final = hl7("v2-0276", "ROUTINE", "Routine appointment - default if not valued")
FOLLOW_UP: Final = hl7("v2-0276", "FOLLOWUP", "A follow up visit from a previous appointment")


def kept(chart: Chart, contact: Contact, at: datetime) -> Resource:
    """The appointment that led to a visit."""
    booked = max(at - DAY * (3 + int(chart.chance.random() * 40)), chart.person.born)
    return _appointment(
        chart, "fulfilled", at, who=contact.doctor, code=contact.reason,
        department=contact.department, created=booked,
    )  # fmt: skip


def missed(chart: Chart, contact: Contact, at: datetime) -> Resource:
    """One the patient didn't come to, or called off."""
    called_off = chart.chance.random() < 0.5
    found = _appointment(
        chart, "cancelled" if called_off else "noshow", at, who=contact.doctor,
        code=contact.reason, department=contact.department, created=at - DAY * 14,
    )  # fmt: skip
    if called_off:
        found["cancelationReason"] = hl7("appointment-cancellation-reason", "pat", "Patient")
    return found


def ahead(chart: Chart, opening: Opening | None, code: str) -> Resource:
    """The next appointment: in the slot that is theirs, or in some weeks' time."""
    now = chart.end
    if opening is None:
        start = working_hours(now + DAY * chart.chance.randrange(14, 80), 10)
        who = chart.physician
        department = "primary"
    else:
        start = opening.start
        who = chart.house.people[opening.owner]
        department = opening.owner.split("-")[1]
    status = "booked" if start > now else "arrived" if start > now - LENGTH else "fulfilled"
    found = _appointment(
        chart, status, start, who=who, code=code, department=department,
        created=midnight(now) - DAY * 9,
    )  # fmt: skip
    if opening:
        found["slot"] = [chart.house.links.to("Slot", opening.key)]
    return found


def _appointment(chart: Chart, status: str, start: datetime, *, who: Resource, code: str,
                 department: str, created: datetime) -> Resource:  # fmt: skip
    head = chart.head("Appointment")
    minutes = LENGTH // MINUTE
    accepted = "declined" if status == "cancelled" else "accepted"
    return head | {
        "identifier": [identifier("appointment", f"B{head['id'][:8].upper()}")],
        "status": status,
        "serviceType": [service(department)],
        "appointmentType": FOLLOW_UP if status != "booked" else ROUTINE,
        "reasonCode": [reason(code)],
        "priority": 5,
        "description": f"{service(department)['text']}: {reason(code)['text'].lower()}",
        "start": stamp(start),
        "end": stamp(start + LENGTH),
        "minutesDuration": minutes,
        "created": stamp(created),
        "participant": [
            {"actor": chart.subject, "required": "required", "status": accepted},
            {"actor": who, "required": "required", "status": "accepted"},
            {"actor": chart.house.wards["clinic"], "required": "information-only",
             "status": "accepted"},
        ],
    }  # fmt: skip
