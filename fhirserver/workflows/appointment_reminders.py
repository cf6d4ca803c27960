"""Patients are reminded of their appointments, once for each time, by email or SMS.

A timer is set when an appointment is booked or moved; what it finds when it runs out decides. Who
books at a time when the reminder would be due already isn't reminded.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fhirserver import clock
from fhirserver.model.resource import Resource
from fhirserver.scheduling.reminding import reminder
from fhirserver.scheduling.times import moment, written
from fhirserver.workflows.appointment_messages import (
    Message,
    ask_reception,
    patients_of,
    place_and_zone,
    sends,
    tell,
)
from fhirserver.workflows.registering import Elapsed, Occasion, timer, workflow

TIMER = "appointment_reminder"


@workflow("appointment_reminders", types=("Appointment",))
def act(occasion: Occasion) -> None:
    start = _start(occasion.resource)
    if start is None or start == _start(occasion.before) or not sends(occasion.settings):
        return
    for hours in {int(h) for h in occasion.settings.reminder_hours.split(",") if h.strip()}:
        due = start - timedelta(hours=hours)
        if due > occasion.change.updated:
            content = {
                "appointment": occasion.change.id,
                "start": written(start, UTC),
                "hours": hours,
            }
            occasion.later(TIMER, due, content)


@timer(TIMER)
def remind(elapsed: Elapsed) -> None:
    appointment = elapsed.read("Appointment", elapsed.content["appointment"])
    start = _start(appointment)
    if appointment is None or start is None or written(start, UTC) != elapsed.content["start"]:
        # Cancelled, or moved: then another timer has been set.
        return
    if start <= clock.now():
        return
    place, zone = place_and_zone(elapsed, appointment)
    is_later = False
    for patient in patients_of(elapsed, appointment):
        text = reminder(patient, start, zone, place, elapsed.settings.site_name)
        kind = f"appointment-reminder:{elapsed.content['hours']}"
        told = tell(elapsed, Message(kind, appointment, patient, text))
        is_later |= told == "later"
        if told == "unreachable":
            ask_reception(elapsed, appointment, "unreachable-for-reminder", "A patient can't be "
                          "reminded of an appointment: there is no email address or mobile number "
                          "that works. Please call them.")  # fmt: skip
    if is_later:
        again = clock.now() + timedelta(minutes=5)
        elapsed.later(TIMER, again, dict(elapsed.content))


def _start(appointment: Resource | None) -> datetime | None:
    """When a booked appointment begins."""
    if appointment is None or appointment["status"] != "booked" or "start" not in appointment:
        return None
    return moment(appointment["start"])
