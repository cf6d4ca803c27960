"""TQ, RPT, RI: when and how often something is done.

The repeat pattern (table 0335) is read as far as FHIR's Timing has words for it; what it hasn't is
kept as the Timing's text. https://hl7.org/fhir/R4/datatypes.html#Timing
"""

from __future__ import annotations

import re
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.datatypes.quantities import cq, number, time_unit, whole_minutes
from hl7v2_gateway.mapping.datatypes.times import date_time, period
from hl7v2_gateway.mapping.views import Repetition
from hl7v2_gateway.mapping.vocabulary import vocabulary

_EVERY: Final = re.compile(r"Q(\d+)([SMHDWLJ])(\d*)")
# https://hl7.org/fhir/R4/valueset-event-timing.html has no word for between meals (IC, ICM ...).
_EVENTS: Final = frozenset({"HS", "AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV"})
_WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS: Final = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo", "J": "wk"}
_WORDS: Final[dict[str, Resource]] = {
    "QD": {"frequency": 1, "period": 1, "periodUnit": "d"},
    "BID": {"frequency": 2, "period": 1, "periodUnit": "d"},
    "TID": {"frequency": 3, "period": 1, "periodUnit": "d"},
    "QID": {"frequency": 4, "period": 1, "periodUnit": "d"},
    "QOD": {"frequency": 1, "period": 2, "periodUnit": "d"},
    "QAM": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"]},
    "QPM": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["EVE"]},
    "QHS": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"]},
    "ONCE": {"count": 1},
}
_MEALS: Final = frozenset(
    ["AC", "ACM", "ACD", "ACV", "PC", "PCM", "PCD", "PCV", "C", "CM", "CD", "CV", "HS"]
)
_LENGTH: Final = re.compile(r"([SMHDWLX])(\d+)")
_PRIORITY: Final = {
    "S": "stat",
    "A": "asap",
    "R": "routine",
    "P": "urgent",
    "C": "urgent",
    "T": "urgent",
}


def pattern(text: str) -> Resource:
    """Timing.repeat of a repeat pattern; empty when it says something else.

    >>> pattern("Q6H")
    {'frequency': 1, 'period': 6, 'periodUnit': 'h'}
    """
    word = text.strip().upper()
    if word in _WORDS:
        return dict(_WORDS[word])
    if word in _MEALS:
        return {"when": [word]}
    found = _EVERY.fullmatch(word)
    if found and int(found.group(1)):
        return {"frequency": 1, "period": int(found.group(1)), "periodUnit": _UNITS[found.group(2)]}
    return {}


@maps("RPT[Timing]", uses="1-6,8-11")
def rpt(r: Repetition, ctx: Context, how: How) -> Any:
    """A repeat pattern as a Timing: how often, on which days, at which event."""
    word = r.text(1, 1)
    repeat = pattern(word)
    length, units = number(r.text(5)), time_unit(r.component(6))
    if "period" not in repeat and length and units:
        repeat = {**repeat, "frequency": 1, "period": length, "periodUnit": units}
    if r.text(2) == "DW":
        repeat = {**repeat, "dayOfWeek": _days(r.text(3), r.text(4))}
    event = vocabulary("EventRelatedPeriod").find(r.text(8))
    if event is not None and event[0] in _EVENTS:
        offset = whole_minutes(r.text(9), r.component(10))
        repeat = {**repeat, "when": [event[0]], "offset": offset}
    coding = (
        {"system": "http://terminology.hl7.org/CodeSystem/v2-0335", "code": word} if word else None
    )
    text = r.text(1, 2) or r.text(11)
    return pruned(
        {"repeat": repeat, "code": {"coding": [coding] if coding else None, "text": text}}
    )


def _days(first: str, last: str) -> list[str]:
    """The days of the week from one to another, which are counted from Monday."""
    if not (first.isdigit() and 1 <= int(first) <= len(_WEEK)):
        return []
    until = int(last) if last.isdigit() else int(first)
    return list(_WEEK[int(first) - 1 : until])


@maps("RI[Timing]", uses="1-2")
def ri(r: Repetition, ctx: Context, how: How) -> Any:
    """A repeat interval."""
    repeat = pattern(r.text(1))
    return pruned({"repeat": repeat, "code": {"text": r.text(1)}})


def _tq(r: Repetition, ctx: Context) -> dict[str, Any]:
    """The parts of a TQ, which is withdrawn and in most orders all the same."""
    interval = r.text(2)
    repeat = pattern(interval)
    length = _LENGTH.fullmatch(r.text(3))
    bounds: Resource = {}
    if length and length.group(1) != "X":
        unit = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo"}[length.group(1)]
        bounds["boundsDuration"] = {
            "value": int(length.group(2)),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        }
    elif length:
        bounds["count"] = int(length.group(2))
    valid = period(r.text(4), r.text(5), ctx.zone)
    timing = pruned(
        {
            "repeat": {
                **repeat,
                **bounds,
                **({"boundsPeriod": valid} if valid and "boundsDuration" not in bounds else {}),
            },
            "code": {"text": interval} if interval else None,
        }
    )
    return {
        "quantity": cq(r.component(1), ctx, How()),
        "timing": timing,
        "start": date_time(r.text(4), ctx.zone),
        "end": date_time(r.text(5), ctx.zone),
        "valid": valid,
        "priority": _PRIORITY.get(r.text(6)[:1].upper()) if r.text(6) else None,
        "has_interval": bool(interval) or bool(bounds),
        "words": r.text(8),
        "condition": r.text(7),
    }


@maps("TQ[ServiceRequest]", uses="1-8")
def tq_service(r: Repetition, ctx: Context, how: How) -> Any:
    """When an order is to be done."""
    t = _tq(r, ctx)
    found: Resource = {"quantityQuantity": t["quantity"], "priority": t["priority"]}
    if t["has_interval"]:
        found["occurrenceTiming"] = t["timing"]
    elif t["end"]:
        found["occurrencePeriod"] = t["valid"]
    elif t["start"]:
        found["occurrenceDateTime"] = t["start"]
    if t["words"] or t["condition"]:
        found["note"] = [{"text": w} for w in (t["condition"], t["words"]) if w]
    return pruned(found)


@maps("TQ[MedicationRequest]", uses="1-8")
def tq_medication(r: Repetition, ctx: Context, how: How) -> Any:
    """When a medicine is to be taken."""
    t = _tq(r, ctx)
    dose = [{"doseQuantity": t["quantity"]}] if t["quantity"] else None
    dosage = pruned({"timing": t["timing"], "doseAndRate": dose, "text": t["words"]})
    return pruned({"dosageInstruction": [dosage] if dosage else None, "priority": t["priority"]})


@maps("TQ[Appointment]", uses="3-5,8")
def tq_appointment(r: Repetition, ctx: Context, how: How) -> Any:
    """SCH-11: start, end and length of an appointment."""
    t = _tq(r, ctx)
    length = _LENGTH.fullmatch(r.text(3))
    minutes = None
    if length and length.group(1) in "MH":
        minutes = int(length.group(2)) * (60 if length.group(1) == "H" else 1)
    elif r.text(3).isdigit():
        minutes = int(r.text(3))
    return pruned(
        {
            "start": t["start"] if len(r.text(4)) >= 12 else None,
            "end": t["end"] if len(r.text(5)) >= 12 else None,
            "minutesDuration": minutes or None,
        }
    )


@maps("TQ[Task-ExecutionPeriod]", uses="4-5")
def tq_period(r: Repetition, ctx: Context, how: How) -> Any:
    """Start and end alone."""
    return period(r.text(4), r.text(5), ctx.zone)


@maps("TQ[Task-Priority]", uses="6")
def tq_priority(r: Repetition, ctx: Context, how: How) -> Any:
    """Priority alone."""
    return _PRIORITY.get(r.text(6)[:1].upper()) if r.text(6) else None
