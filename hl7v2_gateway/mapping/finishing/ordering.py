"""What orders and medication need, and their quantities and times."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.finishing.absent import NO_CODE, UNKNOWN
from hl7v2_gateway.mapping.finishing.finishers import finishes


@finishes("MedicationRequest", "MedicationDispense", "MedicationAdministration")
def _medication(draft: Draft) -> None:
    r = draft.resource
    _phases(r.get("dosageInstruction", ()), draft.hints.get("phases", ()))
    for dosage in r.get("dosageInstruction", ()):
        for dose in dosage.get("doseAndRate", ()):
            if "doseQuantity" in dose:
                dose.pop("doseRange", None)
            _range(dose.get("doseRange"))
        most = dosage.get("maxDosePerPeriod", {})
        if "value" not in most.get("numerator", {}):
            dosage.pop("maxDosePerPeriod", None)
        timing = dosage.get("timing")
        if timing:
            _timing(timing)
    _quantities_of(draft)
    if "medicationReference" not in r and "medicationCodeableConcept" not in r:
        r["medicationCodeableConcept"] = NO_CODE
    whole = r.get("effectivePeriod", {})
    if whole and whole.get("start") == whole.get("end"):
        r["effectiveDateTime"] = r.pop("effectivePeriod")["start"]
    if (
        draft.type == "MedicationAdministration"
        and "effectiveDateTime" not in r
        and "effectivePeriod" not in r
    ):
        r["_effectiveDateTime"] = dict(UNKNOWN)


def _phases(dosages: Sequence[Resource], conjunctions: Sequence[str]) -> None:
    """Further phases (TQ1) have the dose and the route of the first, and an order.

    Table 0472: after A the next one is taken at the same time, else after this one.
    """
    number = 1
    for at, dosage in enumerate(dosages if len(dosages) > 1 else ()):
        dosage["sequence"] = number
        if at >= len(conjunctions) or conjunctions[at] != "A":
            number += 1
        for name in ("doseAndRate", "route", "site", "method"):
            if name in dosages[0] and name not in dosage:
                dosage[name] = copy.deepcopy(dosages[0][name])


def _timing(timing: Resource) -> None:
    """The invariants of Timing.repeat: what half a statement says is left out."""
    repeat = timing.get("repeat", {})
    if "duration" in repeat and "durationUnit" not in repeat:
        # tim-1
        del repeat["duration"]
    if "durationUnit" in repeat and "duration" not in repeat:
        del repeat["durationUnit"]
    if "countMax" in repeat and "count" not in repeat:
        # tim-8
        repeat["count"] = repeat.pop("countMax")
    if "offset" in repeat and "when" not in repeat:
        # tim-9
        del repeat["offset"]
    if "timeOfDay" in repeat:
        # tim-10
        repeat.pop("when", None)


@finishes("Medication")
def _ingredients(draft: Draft) -> None:
    _quantities_of(draft)
    for ingredient in draft.resource.get("ingredient", ()):
        strength = ingredient.get("strength", {})
        if "value" not in strength.get("numerator", {}):
            ingredient.pop("strength", None)
        else:
            # rat-1: a strength is something in something.
            strength.setdefault("denominator", {}).setdefault("value", 1)
        if "itemReference" not in ingredient and "itemCodeableConcept" not in ingredient:
            ingredient["itemCodeableConcept"] = draft.resource.get("code", NO_CODE)


def _quantities_of(draft: Draft) -> None:
    for quantity in _quantities(draft.resource):
        if "code" in quantity and "system" not in quantity:
            quantity.setdefault("unit", quantity.pop("code"))


def _range(bounds: Resource | None) -> None:
    for name in ("low", "high"):
        if bounds and "value" not in bounds.get(name, {}):
            bounds.pop(name, None)
    if bounds and "low" in bounds and "high" in bounds:
        for name in ("unit", "system", "code"):
            shown = bounds["low"].get(name) or bounds["high"].get(name)
            if shown:
                bounds["low"][name] = bounds["high"][name] = shown
    if bounds and bounds.keys() >= {"low", "high"}:
        # rng-2
        low, high = sorted((bounds["low"], bounds["high"]), key=lambda bound: bound["value"])
        bounds["low"], bounds["high"] = low, high


def _quantities(value: Any) -> Iterator[Resource]:
    if isinstance(value, list):
        for item in value:
            yield from _quantities(item)
    elif isinstance(value, dict):
        if "code" in value and value.keys() & {"value", "unit"} and "url" not in value:
            yield value
        for inner in value.values():
            yield from _quantities(inner)


@finishes("ServiceRequest")
def _request(draft: Draft) -> None:
    r = draft.resource
    times = [n for n in r if n.startswith("occurrence")]
    for extra in times[1:]:
        del r[extra]
    if "occurrenceTiming" in r:
        _timing(r["occurrenceTiming"])
    if "quantityQuantity" in r and "value" not in r["quantityQuantity"]:
        del r["quantityQuantity"]
