"""The early warning of a patient: vital signs of a time window, scored, and what that calls for.

Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017, charts 1, 2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from fhirserver.alerting.hits import Hit
from fhirserver.alerting.news2 import PARAMETERS, Score, Vitals, score
from fhirserver.alerting.person import Person
from fhirserver.alerting.plans import Plan, Rule
from fhirserver.alerting.readings import Reading, readings, taken_at
from fhirserver.model.resource import Resource

_UNITS: Final = {
    "respiration": "/min", "saturation": "%", "systolic": "mm[Hg]", "pulse": "/min",
    "temperature": "Cel",
}  # fmt: skip
# Units of a count per minute that devices send and UCUM doesn't compare; none, too.
_PER_MINUTE: Final = frozenset({"{beats}/min", "{breaths}/min", "1/min", "bpm", "/min", "1"})
_ROOM_AIR: Final = Decimal(21)
_ALL: Final = Decimal(100)
_HEALTHY: Final = {
    "respiration": Decimal(16), "systolic": Decimal(150), "pulse": Decimal(70),
    "temperature": Decimal(37),
}  # fmt: skip
_WORDS: Final = {
    "respiration": "respiration", "saturation": "SpO2", "oxygen": "oxygen",
    "systolic": "systolic pressure", "pulse": "pulse", "consciousness": "consciousness",
    "temperature": "temperature",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caution:
    """A score, when it was, and what it calls for; `hit` is None when nothing."""

    at: datetime
    score: Score
    rule: Rule | None
    hit: Hit | None
    level: int


def is_for(plan: Plan, person: Person, *, is_pregnant: bool) -> bool:
    """Whether the score may be used: not below the plan's age, nor in pregnancy.

    Of an unknown age it is used: a child's fast pulse is better seen than an adult's missed.
    """
    return not is_pregnant and person.is_within(plan.least_age)


def warning(
    plan: Plan, at: datetime, observations: Iterable[Resource], *, is_scale_2: bool
) -> Caution:
    """The score at a time, from the newest value of each kind in the window before it."""
    newest: dict[str, tuple[datetime, Reading, Resource]] = {}
    for one in observations:
        when = taken_at(one)
        if when is None or not at - plan.window <= when <= at:
            continue
        for reading in readings(one):
            for name, codes in plan.inputs.items():
                if reading.has(codes) and (name not in newest or newest[name][0] < when):
                    newest[name] = (when, reading, one)
    vitals = _vitals({k: v[1] for k, v in newest.items()}, plan, is_scale_2=is_scale_2)
    found = score(vitals)
    evidence = tuple(dict.fromkeys(f"Observation/{o.get('id')}" for _, _, o in newest.values()))
    for level, rule in enumerate(reversed(plan.rules)):
        if _speaks(rule, found):
            text = _text(found, vitals)
            rank = len(plan.rules) - level
            return Caution(at, found, rule, Hit(rule, text, rule.key, evidence), rank)
    return Caution(at, found, None, None, 0)


def _speaks(rule: Rule, found: Score) -> bool:
    if rule.least is not None:
        return found.total >= rule.least
    return rule.single is not None and bool(found.reds(rule.single))


def _text(found: Score, vitals: Vitals) -> str:
    is_whole = not found.missing
    parts = ", ".join(f"{_WORDS[p]} {n}" for p in PARAMETERS if (n := found.parts.get(p, 0)))
    scale = ", SpO2 scale 2" if vitals.is_scale_2 else ""
    least = "" if is_whole else "at least "
    lacking = "" if is_whole else f"; not measured: {', '.join(_WORDS[m] for m in found.missing)}"
    return f"NEWS2 {least}{found.total} ({parts or 'nothing'}{scale}{lacking})"


def _vitals(newest: Mapping[str, Reading], plan: Plan, *, is_scale_2: bool) -> Vitals:
    numbers: dict[str, Any] = {}
    for name, unit in _UNITS.items():
        reading = newest.get(name)
        if reading is not None:
            numbers[name] = _number(name, reading, unit)
    found = Vitals(is_scale_2=is_scale_2, on_oxygen=_is_on_oxygen(newest))
    reading = newest.get("consciousness")
    if reading is not None:
        if reading.has_value(plan.inputs.get("alert", frozenset())):
            numbers["is_alert"] = True
        elif reading.has_value(plan.inputs.get("not-alert", frozenset())):
            numbers["is_alert"] = False
    return replace(found, **numbers)


def _number(name: str, reading: Reading, unit: str) -> Decimal | None:
    """The value in the chart's unit; None when that isn't known, or can't be.

    Of a value that is only known to be below or above some other one, that one counts, if it lies
    on the same side of what is healthy: the true one has as many points or more.
    """
    if unit == "/min":
        number = reading.number if reading.unit in _PER_MINUTE else reading.inside(unit)
    else:
        number = _percent(reading) if unit == "%" else reading.inside(unit)
    if number is None or (name == "saturation" and number > _ALL):
        return None
    if reading.comparator:
        is_below = reading.comparator in {"<", "<="}
        healthy = _HEALTHY.get(name, _ALL)
        return number if (number < healthy) is is_below else None
    return number


def _percent(reading: Reading) -> Decimal | None:
    """A share in percent. A bare number above one is meant so already: 97, not 0.97."""
    if reading.unit == "1" and reading.number is not None and reading.number > 1:
        return reading.number
    return reading.inside("%")


def _is_on_oxygen(newest: Mapping[str, Reading]) -> bool:
    """A flow above nothing, or more oxygen than air has; nothing noted is room air."""
    flow, share = newest.get("oxygen-flow"), newest.get("oxygen-share")
    if flow is not None and (flow.number or 0) > 0:
        return True
    percent = _percent(share) if share is not None else None
    return percent is not None and percent > _ROOM_AIR
