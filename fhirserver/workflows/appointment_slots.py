"""An appointment that is cancelled by other means than $cancel gives its slots back, too.

By PATCH, for instance, or by a message from another system. `entered-in-error` counts as well.
"""

from __future__ import annotations

from fhirserver.errors import Conflict, Gone, NotFound
from fhirserver.interactions.messages import FhirRequest
from fhirserver.workflows.appointment_messages import was_booked_here
from fhirserver.workflows.registering import Occasion, workflow

_GIVES_BACK = frozenset({"cancelled", "entered-in-error"})


@workflow("appointment_slots", types=("Appointment",))
def act(occasion: Occasion) -> None:
    appointment, before = occasion.resource, occasion.before
    if appointment is None or before is None or not appointment.get("slot"):
        return
    if appointment["status"] not in _GIVES_BACK or before["status"] in _GIVES_BACK:
        return
    request = FhirRequest(
        "operation",
        occasion.principal,
        type="Appointment",
        id=occasion.change.id,
        operation="cancel",
        is_post=True,
    )
    now = occasion.read("Appointment", occasion.change.id)
    if now is None or now["status"] not in _GIVES_BACK or not was_booked_here(occasion, now):
        # Somebody has brought it back, $cancel was it, or its slots aren't known to be its own.
        return
    try:
        occasion.handle(request)
    except (NotFound, Gone, Conflict):
        return
