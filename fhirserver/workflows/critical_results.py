"""A critical result calls the responsible clinician. The rules: `alerting/critical.py`."""

from __future__ import annotations

from fhirserver.alerting import Person, critical
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.results import judge
from fhirserver.workflows.rules import plan


def act(occasion: Occasion) -> None:
    rules = plan(occasion, "critical-results")
    judge(
        occasion,
        rules,
        # Of an unknown patient every limit holds: what hits nobody then never does.
        lambda result: bool(critical(rules, result, Person())),
        lambda result, person: critical(rules, result, person),
    )
