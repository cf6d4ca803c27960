"""`Schedule/ID/$generate-slots`: slots of working hours, without leave.

Hours are those of the schedule's actors: `availableTime` and `notAvailable` of a PractitionerRole
or HealthcareService, `hoursOfOperation` of a Location; where several tell some, all of them must be
open. It may be called again, after hours or leave have changed: what is there stays, free slots
outside of the hours are closed, and those that were closed so and are inside again are opened.
Who may change the schedule may do it; slots are its consequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from fhirserver import clock, ids
from fhirserver.access.access import Access
from fhirserver.errors import Forbidden, Invalid, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.booking import CONSEQUENT
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operating.schedules import zone_at
from fhirserver.interactions.operating.stepwise import Steps, in_steps
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.interactions.own_searching import all_matches, named
from fhirserver.interactions.tied import overlapping, related
from fhirserver.model import json
from fhirserver.model.parameters import parameters, value
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import reference_of
from fhirserver.scheduling.hours import hours_of
from fhirserver.scheduling.slots import (
    TAKEN,
    blocked,
    close,
    cut,
    is_closed,
    reopen,
    slot,
    span_of,
    taken_by,
)
from fhirserver.scheduling.times import Span, common, end_of, first_of, joined, without
from fhirserver.storage.holding import held

MOST_DAYS: Final = 366
MOST_SLOTS: Final = 10_000
_DAY_MINUTES: Final = 24 * 60


@operation(
    "generate-slots",
    definition=f"{OURS}/Schedule-generate-slots",
    levels=["instance"],
    types=["Schedule"],
    parameters=[
        Parameter("start", "date", min=1),
        Parameter("end", "date", min=1),
        Parameter("minutes", "positiveInt", min=1),
        Parameter("gap", "unsignedInt"),
    ],
    affects_state=True,
)
def generate_slots(ctx: Context, call: Call) -> FhirResponse:
    schedule = instance(ctx, call)
    there = held(ctx.store, "Schedule", schedule["id"])
    if there is None or not there.may_update:
        raise Forbidden("generating slots takes the right to change the Schedule")
    minutes, gap = call.inputs.one("minutes"), call.inputs.one("gap") or 0
    if minutes > _DAY_MINUTES or gap > _DAY_MINUTES:
        raise Invalid("minutes and gap are at most a day", expression=call.inputs.place("minutes"))
    zone = zone_at(ctx, schedule)
    first, last = _days(call)
    open_spans = _within(schedule, _open(ctx, schedule, first, last, zone), zone)
    pieces = cut(open_spans, timedelta(minutes=minutes), timedelta(minutes=gap))
    pieces = [p for p in pieces if p.start >= clock.now()]
    if len(pieces) > MOST_SLOTS:
        raise Invalid(f"this would be more than {MOST_SLOTS:,} slots: ask for fewer days at once")
    guard = ctx.store.guard
    store = ctx.store
    if isinstance(guard, Access):
        store = replace(store, guard=guard.with_all_of(CONSEQUENT))
    wide = replace(ctx, store=store)
    tied = related(ctx, schedule)
    # A slot of the night before goes on until the morning of the first day.
    whole = Span(_midnight(first, zone), _midnight(last + timedelta(days=2), zone))
    plan = _Plan(schedule, tied, whole, open_spans, pieces, zone)
    return answered(in_steps(wide, lambda steps: _made(wide, steps, plan)))


@dataclass(frozen=True, slots=True)
class _Plan:
    schedule: Resource
    tied: list[Resource]
    whole: Span
    open: list[Span]
    pieces: list[Span]
    zone: tzinfo


def _made(ctx: Context, steps: Steps, plan: _Plan) -> Resource:
    steps.locked("Schedule", [s["id"] for s in plan.tied])
    own = f"Schedule/{plan.schedule['id']}"
    with steps.reading():
        near = overlapping(ctx, plan.tied, plan.whole)
    was = steps.locked("Slot", [s["id"] for s in near if reference_of(s["schedule"]) == own])
    now = {i: json.parse_object((v.content or "{}").encode()) for i, v in was.items()}
    changed: dict[str, Resource] = {}
    clashes = 0
    for id_, each in now.items():
        span = span_of(each)
        is_inside = any(o.start <= span.start and span.end <= o.end for o in plan.open)
        if span.start < clock.now() or not _begins_in(plan, span):
            continue
        if not is_inside and each["status"] == "free":
            changed[id_] = close(each)
        elif is_inside and is_closed(each) and each["status"] == "busy-unavailable":
            changed[id_] = reopen(each)
        elif not is_inside and each["status"] in TAKEN:
            clashes += 1
    taken = joined(span_of(s) for s in now.values())
    free = [p for p in plan.pieces if not any(p.overlaps(t) for t in taken)]
    busy = [s for s in near if s["id"] not in now and s["status"] in TAKEN]
    new = [_among(busy, slot(plan.schedule, p, plan.zone)) for p in free]
    made = [Intent("create", "Slot", ids.new(), resource=s) for s in new]
    updates = [Intent("update", "Slot", i, resource=s) for i, s in changed.items()]
    steps.write([*made, *updates], [was[i] for i in changed])
    opened = sum(1 for s in changed.values() if s["status"] == "free")
    return parameters(
        [
            value("created", "integer", len(made)),
            value("kept", "integer", len(now) - len(changed)),
            value("closed", "integer", len(changed) - opened),
            value("opened", "integer", opened),
            value("taken-outside-hours", "integer", clashes),
        ]
    )


def _begins_in(plan: _Plan, span: Span) -> bool:
    return plan.whole.start <= span.start < plan.whole.end - timedelta(days=1)


def _among(busy: Iterable[Resource], made: Resource) -> Resource:
    """A new slot at a time when the same person or room is taken elsewhere is blocked by that."""
    for other in busy:
        if span_of(other).overlaps(span_of(made)):
            made = blocked(made, taken_by(other))
    return made


def _days(call: Call) -> tuple[date, date]:
    first, last = (str(call.inputs.text(n)) for n in ("start", "end"))
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise Invalid("start and end must be whole dates, such as 2026-03-29") from error
    if not 0 <= (days[1] - days[0]).days < MOST_DAYS:
        raise Invalid(f"from start to end there must be 1 to {MOST_DAYS} days")
    return days


def _open(ctx: Context, schedule: Resource, first: date, last: date, zone: tzinfo) -> list[Span]:
    """When all of the schedule's actors that tell their hours are there."""
    texts = [reference_of(a) for a in schedule.get("actor", ())]
    found = named(ctx, texts)
    parts: list[list[Span]] = []
    for text in texts:
        if text.startswith("Practitioner/"):
            roles = _roles(ctx, text, texts)
            told = [h for r in roles if (h := hours_of(r, zone)) is not None]
            if told:
                spans = [s for h in told for s in h.between(first, last, zone)]
                parts.append(without(joined(spans), [s for h in told for s in h.leave]))
        elif text in found:
            hours = hours_of(found[text], zone)
            if hours is not None:
                parts.append(hours.between(first, last, zone))
    if not parts:
        raise Unprocessable(
            "no actor of this Schedule tells its hours: PractitionerRole.availableTime, "
            "HealthcareService.availableTime or Location.hoursOfOperation is needed"
        )
    opened = parts[0]
    for other in parts[1:]:
        opened = common(opened, other)
    return opened


def _roles(ctx: Context, practitioner: str, texts: list[str]) -> list[Resource]:
    """The roles of somebody at the places and services of a schedule, or all, if it names none."""
    roles = all_matches(ctx, "PractitionerRole", [("practitioner", practitioner)])
    places = {t for t in texts if t.startswith("Location/")}
    services = {t for t in texts if t.startswith("HealthcareService/")}
    return [
        r
        for r in roles
        if r.get("active") is not False
        and _meets(r.get("location", ()), places)
        and _meets(r.get("healthcareService", ()), services)
    ]


def _meets(told: Iterable[Resource], wanted: set[str]) -> bool:
    named_here = {reference_of(t) for t in told}
    return not named_here or not wanted or bool(named_here & wanted)


def _within(schedule: Resource, spans: list[Span], zone: tzinfo) -> list[Span]:
    """Within the schedule's planning horizon."""
    horizon = schedule.get("planningHorizon", {})
    start = first_of(horizon["start"], zone) if "start" in horizon else None
    end = end_of(horizon["end"], zone) if "end" in horizon else None
    limit = Span(start or datetime.min.replace(tzinfo=UTC), end or datetime.max.replace(tzinfo=UTC))
    return common(spans, [limit])


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
