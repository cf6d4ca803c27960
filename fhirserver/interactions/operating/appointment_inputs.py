"""What $hold, $book and the like are asked: an appointment, and the slots that it shall have.

https://profiles.ihe.net/ITI/Scheduling/ (ITI-116 Hold Appointment, ITI-117 Book Appointment)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fhirserver.errors import Conflict, Invalid, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, allowed_versions
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.booking import (
    Run,
    Wish,
    appointment_of,
    refuse_past,
    runs_of,
)
from fhirserver.interactions.operating.reading import read
from fhirserver.interactions.operating.schedules import slots_named, zone_at
from fhirserver.interactions.operation import Call, Parameter
from fhirserver.model.bundle import bundle, search_entry
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import HOLDABLE, reference_of, time_of, with_slots
from fhirserver.scheduling.slots import Taking

APPOINTMENT: Final = (
    Parameter("appointment-reference", "Reference"),
    Parameter("appointment-resource", "Appointment"),
    Parameter("slot", "Reference", max=None),
    Parameter("comment", "string"),
)


class Asked:
    """The appointment that a call is about: one that is stored, one that was sent, or both."""

    def __init__(self, ctx: Context, call: Call) -> None:
        self._ctx = ctx
        self.call = call
        self.sent: Resource | None = call.inputs.one("appointment-resource")
        self.id = self._id()
        self.stored: Resource | None = None
        if self.id is not None:
            self.stored = read(ctx, call.principal, "Appointment", self.id)
        elif self.sent is None:
            raise Invalid("appointment-reference or appointment-resource is needed")

    def _id(self) -> str | None:
        given = self.call.inputs.one("appointment-reference")
        if given is None:
            return self.call.id
        parsed = parse_reference(reference_of(given), self._ctx.settings.fhir_base)
        if not parsed.is_local or parsed.type != "Appointment":
            raise Invalid(
                "appointment-reference must name an Appointment of this server",
                expression=self.call.inputs.place("appointment-reference"),
            )
        return parsed.id

    @property
    def runs(self) -> tuple[Run, ...]:
        """The slots that are wanted, as far as the caller may see them."""
        given = self.call.inputs.all("slot")
        if not given:
            given = (self.sent or {}).get("slot") or (self.stored or {}).get("slot", ())
        return runs_of(self._ctx, slots_asked(self._ctx, self.call, given))

    def wish(self, runs: tuple[Run, ...], taking: Taking) -> tuple[Wish, Resource]:
        """The appointment at the time of the slots; what it is now, for those who look at it."""
        base = self.base(self.stored or {})
        span = time_of({} if self.call.inputs.all("slot") else base, runs)
        refuse_past(span)
        zone = zone_at(self._ctx, runs[0][0])

        def make(stored: Resource) -> Resource:
            if stored and stored["status"] not in HOLDABLE:
                raise Conflict(NOT_OPEN)
            waits = stored.get("status") == "waitlist" and taking == "busy-tentative"
            return with_slots(self.base(stored), runs, span, zone, joined=not waits)

        wish = Wish(make, runs, taking, self.id, allowed_versions(self.call.request))
        return wish, base

    def base(self, stored: Resource) -> Resource:
        """What was sent stands for what is stored."""
        made: Resource = {**stored, **(self.sent or {})}
        made["resourceType"] = "Appointment"
        if stored:
            made["id"] = stored["id"]
            made["meta"] = stored.get("meta", {})
            if "extension" in stored and "extension" not in (self.sent or {}):
                made["extension"] = stored["extension"]
        else:
            made.pop("id", None)
        comment = self.call.inputs.text("comment")
        return {**made, "comment": comment} if comment is not None else made


def slots_asked(ctx: Context, call: Call, given: Iterable[Resource]) -> list[Resource]:
    """The slots that a call names, as far as the caller may see them."""
    ids = []
    for reference in given:
        parsed = parse_reference(reference_of(reference), ctx.settings.fhir_base)
        if not parsed.is_local or parsed.type != "Slot" or parsed.id is None:
            raise Invalid("each slot must be one of this server, such as Slot/1")
        ids.append(parsed.id)
    if not ids:
        raise Unprocessable(
            "no slots are named: Appointment/$find gives appointments with theirs",
            expression="Appointment.slot",
        )
    return list(slots_named(ctx, call.principal, list(dict.fromkeys(ids))).values())


NOT_OPEN: Final = "this appointment is booked or over: $reschedule moves one that is booked"


def answer(ctx: Context, done: list[Done]) -> FhirResponse:
    """A searchset of the appointments, as far as the caller may read them."""
    entries = [
        search_entry(f"{ctx.settings.fhir_base}/Appointment/{d.id}", found)
        for d in done
        if (found := appointment_of(d)) is not None
    ]
    return answered(bundle("searchset", entries, total=len(entries)))
