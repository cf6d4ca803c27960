"""`Appointment/$book`: an appointment that was found or held is made, or a series of them.

All slots are taken, those of rooms and devices too, or none.
https://profiles.ihe.net/ITI/Scheduling/ITI-117.html
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fhirserver import ids
from fhirserver.errors import Conflict, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.appointment_inputs import APPOINTMENT, Asked, answer
from fhirserver.interactions.operating.booking import Run, Wish, carried_out
from fhirserver.interactions.operating.schedules import seen_slots, zone_at
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.bundle import bundle, search_entry
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import actors, booked, time_of, with_slots
from fhirserver.scheduling.recurring import SERIES, occurrences
from fhirserver.scheduling.slots import covering
from fhirserver.scheduling.times import Span, written


@operation(
    "book",
    definition=f"{OURS}/Appointment-book",
    levels=["type", "instance"],
    types=["Appointment"],
    parameters=[*APPOINTMENT, Parameter("recurrence", "string")],
    affects_state=True,
)
def book(ctx: Context, call: Call) -> FhirResponse:
    asked = Asked(ctx, call)
    stored = asked.stored
    if stored is not None and stored["status"] == "booked" and asked.sent is None:
        # Who asks again because an answer was lost gets it again.
        entry = search_entry(f"{ctx.settings.fhir_base}/Appointment/{asked.id}", stored)
        return answered(bundle("searchset", [entry], total=1))
    runs = asked.runs
    wish, base = asked.wish(runs, "busy")
    if not any(a.startswith("Patient/") or "/Patient/" in a for a in actors(base)):
        raise Unprocessable(
            "an appointment is for a patient: name one among its participants",
            expression="Appointment.participant",
        )
    first = replace(wish, make=lambda stored: booked(wish.make(stored)))
    rule = call.inputs.text("recurrence")
    if rule is None:
        return answer(ctx, carried_out(ctx, [first]))
    return answer(ctx, carried_out(ctx, _series(ctx, call, rule, first, base, runs)))


def _series(
    ctx: Context, call: Call, rule: str, first: Wish, base: Resource, runs: tuple[Run, ...]
) -> list[Wish]:
    """The appointment and those that follow by the rule, on the same schedules."""
    span = time_of({} if call.inputs.all("slot") else base, runs)
    zone = zone_at(ctx, runs[0][0])
    starts = occurrences(rule, span.start, zone)
    series = {"system": SERIES, "value": ids.new()}
    wishes = [
        replace(first, make=lambda stored: _of_series(first.make(stored), series)),
    ]
    missing: list[datetime] = []
    for start in starts[1:]:
        at = Span(start, start + (span.end - span.start))
        found = [(s, _slots(ctx, call, s, at)) for s, _ in runs]
        there = tuple((s, slots) for s, slots in found if slots is not None)
        if len(there) < len(found):
            missing.append(start)
            continue
        copy = {k: v for k, v in base.items() if k not in {"id", "meta", "extension", "text"}}

        def make(
            _: Resource, there: tuple[Run, ...] = there, at: Span = at, copy: Resource = copy
        ) -> Resource:
            return _of_series(booked(with_slots(copy, there, at, zone)), series)

        wishes.append(Wish(make, there, "busy"))
    if missing:
        days = ", ".join(written(m, zone) for m in missing[:10])
        raise Conflict(f"of this series nothing was booked: these times aren't free: {days}")
    return wishes


def _of_series(appointment: Resource, series: dict[str, Any]) -> Resource:
    return {**appointment, "identifier": [*appointment.get("identifier", ()), series]}


def _slots(ctx: Context, call: Call, schedule: Resource, at: Span) -> list[Resource] | None:
    around = Span(at.start - timedelta(days=1), at.end + timedelta(days=1))
    found = seen_slots(ctx, call.principal, [f"Schedule/{schedule['id']}"], around)
    return covering([s for s in found if s["status"] == "free"], at)
