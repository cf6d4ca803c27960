"""`Appointment/ID/$cancel`: an appointment is called off, and its time is free again.

https://hl7.org/fhir/R4/appointment.html#statuses
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fhirserver.errors import Conflict, Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import allowed_versions
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.appointment_inputs import answer
from fhirserver.interactions.operating.booking import Wish, carried_out
from fhirserver.interactions.operating.reading import instance, search
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.bundle import resources
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import OVER, without_slots
from fhirserver.scheduling.recurring import MOST, SERIES
from fhirserver.scheduling.times import moment

SCOPES: Final = ("this", "following", "all")


@operation(
    "cancel",
    definition=f"{OURS}/Appointment-cancel",
    levels=["instance"],
    types=["Appointment"],
    parameters=[
        Parameter("reason", "CodeableConcept"),
        Parameter("scope", "code"),
        Parameter("keep-waiting", "boolean"),
    ],
    affects_state=True,
)
def cancel(ctx: Context, call: Call) -> FhirResponse:
    appointment = instance(ctx, call)
    scope = call.inputs.text("scope") or "this"
    if scope not in SCOPES:
        raise Invalid("scope is this, following or all", expression=call.inputs.place("scope"))
    if appointment["status"] in OVER - _GIVES_BACK:
        raise Conflict(_OVER)
    waits = call.inputs.is_true("keep-waiting")
    reason: dict[str, Any] | None = call.inputs.one("reason")

    def make(stored: Resource) -> Resource:
        if stored["status"] in _GIVES_BACK:
            # What it still has of slots is given back.
            return stored
        if stored["status"] in OVER:
            raise Conflict(_OVER)
        if waits:
            return without_slots(stored, "waitlist")
        return without_slots(stored, "cancelled", reason)

    versions = allowed_versions(call.request)
    wishes = [Wish(make, id=appointment["id"], versions=versions)]
    wishes += [Wish(make, id=i) for i in _others(ctx, call, appointment, scope)]
    return answer(ctx, carried_out(ctx, wishes))


_GIVES_BACK: Final = frozenset({"cancelled", "entered-in-error"})
_OVER: Final = "this appointment is over: it can't be cancelled any more"


def _others(ctx: Context, call: Call, appointment: Resource, scope: str) -> list[str]:
    """The ids of the others of a series that the caller sees and that aren't over."""
    if scope == "this":
        return []
    named = [i for i in appointment.get("identifier", ()) if i.get("system") == SERIES]
    if not named:
        raise Invalid("this appointment is none of a series", expression=call.inputs.place("scope"))
    pairs = [("identifier", f"{SERIES}|{named[0]['value']}"), ("_count", str(MOST))]
    found = resources(search(ctx, call.principal, "Appointment", pairs))
    since = None if scope == "all" else _start(appointment)
    return [
        a["id"]
        for a in found
        if a["id"] != appointment["id"]
        and a["status"] not in OVER
        and (since is None or ((start := _start(a)) is not None and start > since))
    ]


def _start(appointment: Resource) -> datetime | None:
    return moment(appointment["start"]) if "start" in appointment else None
