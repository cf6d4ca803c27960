"""`Appointment/$find`: appointments that could be made, of slots that are free.

The answer's appointments are proposals and aren't stored: $hold and $book take them as they are.
https://profiles.ihe.net/ITI/Scheduling/ITI-115.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from fhirserver import clock
from fhirserver.errors import Invalid, TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered, most
from fhirserver.interactions.operating.booking import overdue_holds
from fhirserver.interactions.operating.reading import search
from fhirserver.interactions.operating.schedules import seen_slots, zone_at
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.bundle import bundle, resources
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import proposed, reference_of
from fhirserver.scheduling.finding import Party, Proposal, proposals
from fhirserver.scheduling.slots import digest, taken_by
from fhirserver.scheduling.times import Span, moment

LONGEST: Final = timedelta(days=92)
MOST_SCHEDULES: Final = 200
SLOT: Final = timedelta(days=1)
"""The longest that a slot is taken to be."""
Schedules = Mapping[str, Resource]
_DAY_MINUTES: Final = 24 * 60


@operation(
    "find",
    definition=f"{OURS}/Appointment-find",
    levels=["type"],
    types=["Appointment"],
    parameters=[
        Parameter("start", "dateTime", min=1),
        Parameter("end", "dateTime", min=1),
        Parameter("service-type", "Coding"),
        Parameter("specialty", "Coding"),
        Parameter("practitioner", "string", max=None),
        Parameter("location", "string", max=None),
        Parameter("schedule", "string", max=None),
        Parameter("together", "string", max=None),
        Parameter("length", "positiveInt"),
        Parameter("_count", "integer"),
    ],
)
def find(ctx: Context, call: Call) -> FhirResponse:
    span = _span(call)
    minutes = call.inputs.one("length")
    if minutes is not None and minutes > _DAY_MINUTES:
        raise Invalid("length is in minutes, at most a day", expression=call.inputs.place("length"))
    length = None if minutes is None else timedelta(minutes=minutes)
    main = _schedules(ctx, call, _wanted(call))
    others = [
        _schedules(ctx, call, [("actor", _actor(text)), ("active:not", "false")])
        for text in call.inputs.all("together")
    ]
    found = _first(ctx, call, main, others, span, length)
    schedules = {p.parts[0][0]["id"]: p.parts[0][0] for p in found}
    zones = {i: zone_at(ctx, s) for i, s in schedules.items()}
    entries = [
        {
            "resource": proposed(p.parts, p.span, zones[p.parts[0][0]["id"]]),
            "search": {"mode": "match"},
        }
        for p in found
    ]
    return answered(bundle("searchset", entries))


def _first(
    ctx: Context,
    call: Call,
    main: Schedules,
    others: Sequence[Schedules],
    span: Span,
    length: timedelta | None,
) -> list[Proposal]:
    """As many as are wanted: it looks at a day, and at twice as many each time it finds too few."""
    limit = most(ctx, call)
    found: list[Proposal] = []
    begin, step = span.start, timedelta(days=1)
    while begin < span.end and len(found) < limit and main:
        until = min(begin + step, span.end)
        # What begins in these days may end after them, and a room's slot may begin before.
        reach = min(until + (length or SLOT), span.end)
        with_them = [_party(ctx, call, o, Span(begin - SLOT, reach + SLOT)) for o in others]
        party = _party(ctx, call, main, Span(begin, reach))
        found += proposals(party, with_them, length, until)
        begin, step = until, 2 * step
    return found[:limit]


def _span(call: Call) -> Span:
    start, end = (moment(call.inputs.text(n) or "") for n in ("start", "end"))
    if start >= end:
        raise Invalid("end must be later than start", expression=call.inputs.place("end"))
    if end - start > LONGEST:
        raise TooCostly(f"ask for at most {LONGEST.days} days at once")
    return Span(max(start, clock.now()), end)


def _wanted(call: Call) -> list[tuple[str, str]]:
    """The search for the schedules of those one of whom is looked for."""
    pairs = [("active:not", "false")]
    for name in ("service-type", "specialty"):
        coding = call.inputs.one(name)
        if coding is not None:
            system = coding.get("system")
            code = coding.get("code", "")
            pairs.append((name, code if system is None else f"{system}|{code}"))
    for name in ("practitioner", "location"):
        given = call.inputs.all(name)
        if given:
            pairs.append(("actor", ",".join(_reference(v, name.title()) for v in given)))
    schedules = call.inputs.all("schedule")
    if schedules:
        ids = (_reference(s, "Schedule").removeprefix("Schedule/") for s in schedules)
        pairs.append(("_id", ",".join(ids)))
    if len(pairs) == 1:
        raise Invalid("service-type, specialty, practitioner, location or schedule is needed")
    return pairs


def _reference(text: str, kind: str) -> str:
    """A reference, or the id alone."""
    if "," in text:
        raise Invalid("one reference at a time: repeat the parameter for another one")
    return text if "/" in text else f"{kind}/{text}"


def _actor(text: str) -> str:
    if "," in text or "/" not in text:
        raise Invalid("together names one person, room or device, such as Location/1")
    return text


def _schedules(ctx: Context, call: Call, pairs: Iterable[tuple[str, str]]) -> Schedules:
    asked = [*pairs, ("_count", str(MOST_SCHEDULES + 1)), ("_sort", "_id")]
    found = {s["id"]: s for s in resources(search(ctx, call.principal, "Schedule", asked))}
    if len(found) > MOST_SCHEDULES:
        raise TooCostly(
            f"more than {MOST_SCHEDULES} schedules are meant: name a practitioner or location"
        )
    return found


def _party(ctx: Context, call: Call, schedules: Schedules, span: Span) -> Party:
    """These schedules with what is free of them; a hold that is over keeps nothing."""
    slots = seen_slots(ctx, call.principal, [f"Schedule/{i}" for i in schedules], span)
    over = {digest(a["id"]) for a in overdue_holds(ctx, slots, clock.now())}
    free: dict[str, list[Resource]] = defaultdict(list)
    for slot in slots:
        if slot["status"] == "free" or taken_by(slot) & over:
            free[reference_of(slot["schedule"]).partition("/")[2]].append(slot)
    return Party(schedules, free)
