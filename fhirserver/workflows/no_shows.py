"""A booked appointment to which nobody came is marked as `noshow`, some time after its end.

Somebody came if the appointment says so (`arrived`, `checked-in`, `fulfilled`), or if an Encounter
names it. Only appointments that were booked here are marked: of those that came from another
system, that one knows.
https://hl7.org/fhir/R4/appointment.html#statuses
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fhirserver import clock
from fhirserver.errors import VersionConflict
from fhirserver.interactions.messages import FhirRequest, etag
from fhirserver.model.resource import Resource
from fhirserver.scheduling.times import moment
from fhirserver.workflows.appointment_messages import was_booked_here
from fhirserver.workflows.registering import Elapsed, Occasion, timer, workflow

TIMER = "no_show"


@workflow("no_shows", types=("Appointment",))
def act(occasion: Occasion) -> None:
    due = _due(occasion.resource, occasion.settings.no_show_minutes)
    before = _due(occasion.before, occasion.settings.no_show_minutes)
    if due is not None and due != before and due > occasion.change.updated:
        occasion.later(TIMER, due, {"appointment": occasion.change.id})


@timer(TIMER)
def mark(elapsed: Elapsed) -> None:
    appointment = elapsed.read("Appointment", elapsed.content["appointment"])
    due = _due(appointment, elapsed.settings.no_show_minutes)
    if appointment is None or due is None or due > clock.now():
        return
    reference = f"Appointment/{appointment['id']}"
    if not was_booked_here(elapsed, appointment):
        return
    if elapsed.search("Encounter", ("appointment", reference), ("status:not", "cancelled")):
        return
    request = FhirRequest(
        "update",
        elapsed.principal,
        type="Appointment",
        id=appointment["id"],
        body={**appointment, "status": "noshow"},
        if_match=etag(int(appointment["meta"]["versionId"])),
    )
    try:
        elapsed.handle(request)
    except VersionConflict:
        # The patient comes through the door at this moment: look again.
        elapsed.later(TIMER, clock.now() + timedelta(minutes=1), dict(elapsed.content))


def _due(appointment: Resource | None, minutes: int) -> datetime | None:
    if not minutes or appointment is None or appointment["status"] != "booked":
        return None
    if "end" not in appointment:
        return None
    return moment(appointment["end"]) + timedelta(minutes=minutes)
