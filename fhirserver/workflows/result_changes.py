"""A result that differs much from those before it: delta checks and deterioration trends.

The rules: `alerting/changes.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fhirserver.alerting import Hit, Person, Plan, changed, reach, readings, taken_at
from fhirserver.alerting.readings import patient_of
from fhirserver.model.resource import Resource
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.results import judge
from fhirserver.workflows.rules import plan


def changes(occasion: Occasion) -> None:
    _judge(occasion, plan(occasion, "result-changes"))


def deterioration(occasion: Occasion) -> None:
    _judge(occasion, plan(occasion, "deterioration"))


def _judge(occasion: Occasion, rules: Plan) -> None:
    def hits(result: Resource, person: Person) -> Sequence[Hit]:
        return changed(rules, result, _earlier(occasion, rules, result), person)

    judge(occasion, rules, lambda result: bool(reach(rules, result)), hits)


def _earlier(occasion: Occasion, rules: Plan, result: Resource) -> list[Resource]:
    """The patient's results of the same kinds, as far back as the rules look."""
    at = taken_at(result)
    if at is None:
        return []
    own = {c for r in readings(result) for c in r.codes}
    codes = {c for r in rules.rules if r.codes & own for c in r.codes}
    return [
        r
        for r in occasion.search(
            "Observation",
            ("patient", f"Patient/{patient_of(result)}"),
            ("combo-code", ",".join(sorted(f"{system}|{code}" for system, code in codes))),
            ("date", f"ge{(at - reach(rules, result)).isoformat()}"),
            ("date", f"le{at.isoformat()}"),
        )
        if r["id"] != result["id"]
    ]
