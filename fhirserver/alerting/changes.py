"""Changes of a result: against the last value, or the lowest or highest of a time.

Against the last value it is the laboratory's delta check (CLSI EP33), against the lowest or highest
a trend: creatinine that rises (KDIGO 2012), haemoglobin that falls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from fhirserver.alerting.hits import Hit
from fhirserver.alerting.person import Person
from fhirserver.alerting.plans import Change, Plan, Rule
from fhirserver.alerting.readings import Reading, readings, taken_at
from fhirserver.model.resource import Resource


class _Value(NamedTuple):
    at: datetime
    number: Decimal
    reference: str


_PICK: Final[Mapping[str, Callable[[Sequence[_Value]], _Value]]] = {
    "last": lambda values: max(values, key=lambda v: v.at),
    "lowest": lambda values: min(values, key=lambda v: (v.number, v.at)),
    "highest": lambda values: max(values, key=lambda v: (v.number, v.at)),
}
_HUNDRED: Final = Decimal(100)


def reach(plan: Plan, observation: Resource) -> timedelta:
    """How far back the rules that concern an Observation look; nothing if none does."""
    codes = [c for r in readings(observation) for c in r.codes]
    return max(
        (c.within for r in plan.rules if r.codes.intersection(codes) for c in r.changes),
        default=timedelta(0),
    )


def changed(
    plan: Plan, observation: Resource, earlier: Iterable[Resource], person: Person
) -> list[Hit]:
    """The changes to an Observation from those before it, one hit for each rule."""
    at = taken_at(observation)
    if at is None:
        return []
    before = [(t, o) for o in earlier if (t := taken_at(o)) is not None and t < at]
    hits = []
    for rule in plan.rules:
        reading = next((r for r in readings(observation) if r.has(rule.codes)), None)
        if reading is None or reading.number is None or reading.comparator:
            continue
        text, evidence = _first(rule, reading, at, before, person)
        if text:
            hits.append(Hit(rule, f"{rule.title} {text}", reading.text, evidence))
    return hits


def _first(
    rule: Rule,
    reading: Reading,
    at: datetime,
    before: Sequence[tuple[datetime, Resource]],
    person: Person,
) -> tuple[str, tuple[str, ...]]:
    for change in rule.changes:
        if not person.is_within(change.ages):
            continue
        values = [
            _Value(t, number, f"Observation/{o.get('id')}")
            for t, o in before
            if t >= at - change.within
            for r in readings(o)
            if r.has(rule.codes) and not r.comparator
            if (number := r.inside(reading.unit)) is not None
        ]
        if len(values) + 1 < change.values or not values:
            continue
        base = _PICK[change.against](values)
        if _is_so(change, base.number, reading):
            hours = round((at - base.at).total_seconds() / 3600, 1)
            unit = reading.shown_unit or reading.unit
            text = f"from {base.number.normalize():f} to {reading.number} {unit} in {hours:g} h"
            return text, (base.reference,)
    return "", ()


def _is_so(change: Change, base: Decimal, reading: Reading) -> bool:
    assert reading.number is not None
    difference = reading.number - base
    if change.direction == "fall":
        difference = -difference
    elif change.direction == "either":
        difference = abs(difference)
    if change.percent is not None:
        return base > 0 and difference / base * _HUNDRED >= change.percent
    assert change.amount is not None
    amount = change.amount
    least = _difference(Decimal(amount["value"]), amount["code"], reading)
    return least is not None and difference >= least


def _difference(amount: Decimal, unit: str, reading: Reading) -> Decimal | None:
    """A difference in the reading's unit; degrees Celsius are no difference of Fahrenheit's."""
    if unit == reading.unit:
        return amount
    one = Reading((), "", amount, unit).inside(reading.unit)
    zero = Reading((), "", Decimal(0), unit).inside(reading.unit)
    return None if one is None or zero is None else one - zero
