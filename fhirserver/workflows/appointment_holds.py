"""A hold on a time ends by itself: its slots are free again, and it is cancelled.

A time that was offered to somebody on the waiting list puts them back on it. For whoever wants the
time, a hold that is over counts as nothing even before this has run.
"""

from __future__ import annotations

from fhirserver import clock
from fhirserver.errors import Conflict, Gone, NotFound, VersionConflict
from fhirserver.interactions.messages import FhirRequest, etag
from fhirserver.model.parameters import parameters, value
from fhirserver.scheduling.appointments import hold_ends, is_offer
from fhirserver.workflows.registering import Elapsed, Occasion, timer, workflow

TIMER = "appointment_hold"


@workflow("appointment_holds", types=("Appointment",))
def act(occasion: Occasion) -> None:
    ends = None if occasion.resource is None else hold_ends(occasion.resource)
    if ends is not None:
        occasion.later(TIMER, ends, {"appointment": occasion.change.id})


@timer(TIMER)
def end(elapsed: Elapsed) -> None:
    appointment = elapsed.read("Appointment", elapsed.content["appointment"])
    ends = None if appointment is None else hold_ends(appointment)
    if appointment is None or ends is None or ends > clock.now():
        return
    again = value("keep-waiting", "boolean", is_offer(appointment))
    request = FhirRequest(
        "operation",
        elapsed.principal,
        type="Appointment",
        id=appointment["id"],
        operation="cancel",
        is_post=True,
        body=parameters([again]),
        if_match=etag(int(appointment["meta"]["versionId"])),
    )
    try:
        elapsed.handle(request)
    except (VersionConflict, Conflict, NotFound, Gone):
        # Somebody booked it, cancelled it or made it longer at this moment.
        return
