"""`Appointment/ID/$reschedule`: a booked appointment gets another time and gives its own back.

Both happen, or neither. Who may not change appointments, but make and cancel them, as patients may,
gets a new one in the place of the old one, which is cancelled.
"""

from __future__ import annotations

from typing import Final

from fhirserver.errors import Conflict, Forbidden
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import allowed_versions
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.appointment_inputs import answer, slots_asked
from fhirserver.interactions.operating.booking import Wish, carried_out, refuse_past, runs_of
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operating.schedules import schedules_of, zone_at
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.interactions.own_searching import named
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import (
    PREVIOUS,
    booked,
    moved,
    reference_of,
    time_of,
    without_slots,
)

NOT_BOOKED: Final = "only a booked appointment can be moved"
_OF_THE_OLD: Final = frozenset({"id", "meta", "text", "extension", "identifier"})


@operation(
    "reschedule",
    definition=f"{OURS}/Appointment-reschedule",
    levels=["instance"],
    types=["Appointment"],
    parameters=[
        Parameter("slot", "Reference", min=1, max=None),
        Parameter("comment", "string"),
    ],
    affects_state=True,
)
def reschedule(ctx: Context, call: Call) -> FhirResponse:
    appointment = instance(ctx, call)
    runs = runs_of(ctx, slots_asked(ctx, call, call.inputs.all("slot")))
    span = time_of({}, runs)
    refuse_past(span)
    zone = zone_at(ctx, runs[0][0])
    comment = call.inputs.text("comment")
    old = named(ctx, [reference_of(s) for s in appointment.get("slot", ())]).values()
    left = list(schedules_of(ctx, old).values())

    def make(stored: Resource) -> Resource:
        if stored["status"] != "booked":
            raise Conflict(NOT_BOOKED)
        made = moved(stored, left, runs, span, zone)
        return made if comment is None else {**made, "comment": comment}

    versions = allowed_versions(call.request)
    try:
        wish = Wish(make, runs, "busy", appointment["id"], versions)
        return answer(ctx, carried_out(ctx, [wish]))
    except Forbidden:
        pass

    def end(stored: Resource) -> Resource:
        if stored["status"] != "booked":
            raise Conflict(NOT_BOOKED)
        return without_slots(stored, "cancelled")

    def begin(_: Resource) -> Resource:
        copy = {k: v for k, v in appointment.items() if k not in _OF_THE_OLD}
        previous = {
            "url": PREVIOUS,
            "valueReference": {"reference": f"Appointment/{appointment['id']}"},
        }
        return booked({**make(copy), "extension": [previous]})

    both = [Wish(end, id=appointment["id"], versions=versions), Wish(begin, runs, "busy")]
    return answer(ctx, carried_out(ctx, both)[1:])
