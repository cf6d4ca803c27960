"""`Appointment/$hold`: a time is kept for somebody until they book it, or until the hold ends.

The appointment is `pending` and its slots are `busy-tentative`. A hold that is over counts as
nothing, whether or not somebody has tidied it up.
https://profiles.ihe.net/ITI/Scheduling/ITI-116.html
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fhirserver import clock
from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.appointment_inputs import APPOINTMENT, Asked, answer
from fhirserver.interactions.operating.booking import carried_out
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import held, offered


@operation(
    "hold",
    definition=f"{OURS}/Appointment-hold",
    levels=["type", "instance"],
    types=["Appointment"],
    parameters=[*APPOINTMENT, Parameter("minutes", "positiveInt")],
    affects_state=True,
)
def hold(ctx: Context, call: Call) -> FhirResponse:
    asked = Asked(ctx, call)
    waits = asked.stored is not None and asked.stored["status"] == "waitlist"
    settings = ctx.settings
    longest = settings.waiting_offer_minutes if waits else settings.appointment_hold_minutes
    minutes = call.inputs.one("minutes") or longest
    if minutes > longest:
        raise Invalid(
            f"a hold lasts at most {longest} minutes", expression=call.inputs.place("minutes")
        )
    wish, _ = asked.wish(asked.runs, "busy-tentative")
    until = clock.now() + timedelta(minutes=minutes)

    def make(stored: Resource) -> Resource:
        made = held(wish.make(stored), until, ctx.site.zone)
        return offered(made) if stored.get("status") == "waitlist" else made

    return answer(ctx, carried_out(ctx, [replace(wish, make=make)]))
