"""A time that becomes free is offered to who waits for one like it: held for them, for a while.

The reception gets a Task, and the patient a message. Who doesn't take it goes back on the list when
the hold ends, isn't offered the same time again, and the next one is asked.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fhirserver import clock
from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model.parameters import parameters, value
from fhirserver.scheduling.appointments import is_offer, reference_of
from fhirserver.scheduling.reminding import offer
from fhirserver.scheduling.times import moment
from fhirserver.scheduling.waiting import fitting
from fhirserver.workflows.appointment_messages import (
    Message,
    ask_reception,
    patients_of,
    place_and_zone,
    sends,
    tell,
)
from fhirserver.workflows.registering import Elapsed, Occasion, timer, workflow

OFFER = "waiting_list_offer"


@workflow("waiting_list", types=("Slot",))
def act(occasion: Occasion) -> None:
    slot, before = occasion.resource, occasion.before
    if slot is None or before is None or slot["status"] != "free" or before["status"] == "free":
        return
    now = occasion.read("Slot", occasion.change.id)
    if now is None or now["status"] != "free" or moment(now["start"]) <= clock.now():
        return
    schedule = occasion.read("Schedule", reference_of(now["schedule"]).partition("/")[2])
    if schedule is None:
        return
    waiting = occasion.search("Appointment", ("status", "waitlist"))
    zone = ZoneInfo(occasion.settings.time_zone)
    for appointment in fitting(waiting, now, schedule, zone):
        held = FhirRequest(
            "operation",
            occasion.principal,
            type="Appointment",
            id=appointment["id"],
            operation="hold",
            is_post=True,
            body=parameters(
                [
                    value("slot", "Reference", {"reference": f"Slot/{now['id']}"}),
                    value("minutes", "positiveInt", occasion.settings.waiting_offer_minutes),
                ]
            ),
        )
        try:
            occasion.handle(held)
        except FhirError:
            # Somebody else was faster with the time, or with the appointment.
            continue
        return


@workflow("waiting_list_offers", types=("Appointment",))
def offered(occasion: Occasion) -> None:
    appointment, before = occasion.resource, occasion.before
    if appointment is None or not is_offer(appointment):
        return
    if before is not None and is_offer(before):
        return
    ask_reception(occasion, appointment, "waiting-list-offer", "A time is held for a patient on "
                  "the waiting list: ask whether they want it, and book it.")  # fmt: skip
    if sends(occasion.settings):
        about = {"appointment": appointment["id"], "start": appointment["start"]}
        occasion.later(OFFER, clock.now(), about)


@timer(OFFER)
def write(elapsed: Elapsed) -> None:
    """Write to the patient; the reception has its Task anyway, so who has no address is no loss."""
    appointment = elapsed.read("Appointment", elapsed.content["appointment"])
    if appointment is None or not is_offer(appointment):
        return
    if appointment["start"] != elapsed.content["start"]:
        return
    place, zone = place_and_zone(elapsed, appointment)
    for patient in patients_of(elapsed, appointment):
        text = offer(patient, moment(appointment["start"]), zone, place, elapsed.settings.site_name)
        message = Message("waiting-list-offer", appointment, patient, text)
        if tell(elapsed, message) == "later":
            elapsed.later(OFFER, message.again(clock.now()), dict(elapsed.content))
