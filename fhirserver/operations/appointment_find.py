"""`Appointment/$find`: appointments that could be made, of slots that are free.

The answer's appointments are proposals and aren't stored: $hold and $book take them as they are.
https://profiles.ihe.net/ITI/Scheduling/ITI-115.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fhirserver import clock
from fhirserver.errors import Invalid, TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.booking import overdue_holds
from fhirserver.interactions.operating.reading import search
from fhirserver.interactions.operating.schedules import seen_slots, zone_at
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.bundle import bundle, resources
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import proposed, reference_of
from fhirserver.scheduling.slots import covering, digest, runs, span_of, taken_by
from fhirserver.scheduling.times import Span, moment

LONGEST: Final = timedelta(days=92)
MOST_SCHEDULES: Final = 200
_DAY_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class _Party:
    """Schedules of which one has to have time, and their free slots by schedule."""

    schedules: Mapping[str, Resource]
    free: Mapping[str, Sequence[Resource]]

    def covering(self, span: Span) -> tuple[Resource, list[Resource]] | None:
        for id_, schedule in self.schedules.items():
            found = covering(self.free.get(id_, ()), span)
            if found is not None:
                return schedule, found
        return None


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
    main = _party(ctx, call, _wanted(call), span)
    others = [
        _party(ctx, call, [("actor", text), ("active:not", "false")], span)
        for text in call.inputs.all("together")
    ]
    found: list[tuple[Span, list[tuple[Resource, list[Resource]]]]] = []
    for id_, schedule in main.schedules.items():
        for run in runs(main.free.get(id_, ()), length):
            start = span_of(run[0]).start
            end = span_of(run[-1]).end if length is None else start + length
            with_it = [p.covering(Span(start, end)) for p in others]
            if all(w is not None for w in with_it):
                whole = [(schedule, run), *(w for w in with_it if w is not None)]
                found.append((Span(start, end), whole))
    found.sort(key=lambda f: (f[0], f[1][0][0]["id"]))
    found = found[: _limit(ctx, call)]
    zones = {i: zone_at(ctx, s) for i, s in {p[0][0]["id"]: p[0][0] for _, p in found}.items()}
    entries = [
        {"resource": proposed(parts, at, zones[parts[0][0]["id"]]), "search": {"mode": "match"}}
        for at, parts in found
    ]
    return answered(bundle("searchset", entries))


def _span(call: Call) -> Span:
    start, end = (moment(call.inputs.text(n) or "") for n in ("start", "end"))
    if start >= end:
        raise Invalid("end must be later than start", expression=call.inputs.place("end"))
    if end - start > LONGEST:
        raise TooCostly(f"ask for at most {LONGEST.days} days at once")
    return Span(max(start, clock.now()), end)


def _limit(ctx: Context, call: Call) -> int:
    count = call.inputs.one("_count")
    if count is None:
        return ctx.settings.default_count
    if count < 1:
        raise Invalid(
            "_count must be a whole number from 1", expression=call.inputs.place("_count")
        )
    return min(int(count), ctx.settings.max_count)


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


def _party(ctx: Context, call: Call, pairs: Iterable[tuple[str, str]], span: Span) -> _Party:
    asked = [*pairs, ("_count", str(MOST_SCHEDULES + 1)), ("_sort", "_id")]
    schedules = {s["id"]: s for s in resources(search(ctx, call.principal, "Schedule", asked))}
    if len(schedules) > MOST_SCHEDULES:
        raise TooCostly(
            f"more than {MOST_SCHEDULES} schedules are meant: name a practitioner or location"
        )
    if span.start >= span.end:
        return _Party(schedules, {})
    slots = seen_slots(ctx, call.principal, [f"Schedule/{i}" for i in schedules], span)
    over = {digest(a["id"]) for a in overdue_holds(ctx, slots, clock.now())}
    free: dict[str, list[Resource]] = defaultdict(list)
    for slot in slots:
        if slot["status"] == "free" or taken_by(slot) & over:
            free[reference_of(slot["schedule"]).partition("/")[2]].append(slot)
    return _Party(schedules, free)
