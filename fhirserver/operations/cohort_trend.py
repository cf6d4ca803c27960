"""Observation/$cohort-trend: a measured value of a group of patients over time.

Only what the caller may see counts. Who the patients of a figure are is told when it is asked for,
and goes on record then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from fhirserver.audit import trail as trails
from fhirserver.errors import Invalid, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.cohorts import Cohort, members, readings
from fhirserver.interactions.operating.places import wards
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.reports.cohort_trend import STEPS, By, Span, trend

LONGEST: Final = timedelta(days=3_660)
MOST_SPANS: Final = 400
OLDEST: Final = 150


@operation(
    "cohort-trend",
    definition=f"{OURS}/Observation-cohort-trend",
    levels=["type"],
    types=["Observation"],
    parameters=[
        Parameter("code", "string", min=1),
        Parameter("start", "date", min=1),
        Parameter("end", "date", min=1),
        Parameter("by", "code"),
        Parameter("unit", "string"),
        Parameter("condition", "string"),
        Parameter("ward", "string"),
        Parameter("age-from", "unsignedInt"),
        Parameter("age-to", "unsignedInt"),
        Parameter("members-of", "date"),
    ],
    right="s",
)
def cohort_trend(ctx: Context, call: Call) -> FhirResponse:
    """The figures of each span; with `members-of` whose values those of one span are."""
    start, end, by = _period(call)
    of = members(ctx, call.principal, _cohort(ctx, call), start, end)
    code = str(call.inputs.text("code"))
    found = trend(readings(ctx, call.principal, code, start, end, of), by, call.inputs.text("unit"))
    listed = call.inputs.text("members-of")
    if listed is not None:
        _on_record(s for s in found.spans if s.start.isoformat() == listed)
    made = [
        value("unit", "string", found.unit) if found.spans else None,
        None if of is None else value("cohort", "integer", len(of)),
        *(parts("left-out", [value("unit", "string", unit) if unit else None,
                             value("values", "integer", count)])
          for unit, count in found.left_out),
        *(parts("span", _span(s, is_listed=s.start.isoformat() == listed)) for s in found.spans),
    ]  # fmt: skip
    return answered(parameters(made))


def _on_record(spans: Iterable[Span]) -> None:
    trail = trails.current()
    if trail is not None:
        trail.see((), [p.removeprefix("Patient/") for s in spans for p, _ in s.members])


def _period(call: Call) -> tuple[date, date, By]:
    by = call.inputs.text("by") or "day"
    if by not in STEPS:
        raise Invalid(f"by is one of {', '.join(STEPS)}", expression=call.inputs.place("by"))
    start, end = (_date(call, name) for name in ("start", "end"))
    if end < start:
        raise Invalid("end is before start", expression=call.inputs.place("end"))
    if end - start > LONGEST:
        raise Invalid("a trend is about ten years at most: choose a shorter period")
    if by == "day" and (end - start).days >= MOST_SPANS:
        raise Invalid(f"a trend by day has at most {MOST_SPANS} days: choose weeks or months")
    return start, end, by


def _date(call: Call, name: str) -> date:
    try:
        return date.fromisoformat(str(call.inputs.text(name)))
    except ValueError as error:
        raise Invalid(f"{name} is a day such as 2026-11-30",
                      expression=call.inputs.place(name)) from error  # fmt: skip


def _cohort(ctx: Context, call: Call) -> Cohort:
    ages = [_age(call, name) for name in ("age-from", "age-to")]
    ward = call.inputs.text("ward")
    return Cohort(
        call.inputs.text("condition"), None if ward is None else _places(ctx, call, ward), *ages
    )


def _places(ctx: Context, call: Call, ward: str) -> tuple[str, ...]:
    """The ward and its beds."""
    reference = f"Location/{ward.removeprefix('Location/')}"
    found = next((w for w in wards(ctx, call) if w.reference == reference), None)
    if found is None:
        raise NotFound("there is no such ward with beds", expression=call.inputs.place("ward"))
    return (reference, *(f"Location/{b['id']}" for b in found.beds))


def _age(call: Call, name: str) -> int | None:
    text = call.inputs.text(name)
    if text is not None and int(text) > OLDEST:
        raise Invalid(f"{name} is in years, {OLDEST} at most", expression=call.inputs.place(name))
    return None if text is None else int(text)


def _span(span: Span, *, is_listed: bool) -> Iterator[Resource]:
    lower, upper = span.quartiles
    ordered = [v for _, v in span.members]
    yield value("start", "date", span.start.isoformat())
    yield value("end", "date", span.end.isoformat())
    yield value("patients", "integer", len(span.members))
    yield value("values", "integer", span.values)
    yield value("minimum", "decimal", ordered[0])
    yield value("lower-quartile", "decimal", lower)
    yield value("median", "decimal", span.median)
    yield value("upper-quartile", "decimal", upper)
    yield value("maximum", "decimal", ordered[-1])
    if is_listed:
        for patient, own in span.members:
            yield parts("member", [value("patient", "Reference", {"reference": patient}),
                                   value("value", "decimal", own)])  # fmt: skip
