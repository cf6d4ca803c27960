"""A critical result calls the responsible clinician. The rules: `alerting/critical.py`."""

from __future__ import annotations

import logging

from fhirserver.alerting import Person, critical, uncompared
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.results import judge
from fhirserver.workflows.rules import plan

log = logging.getLogger(__name__)


def act(occasion: Occasion) -> None:
    rules = plan(occasion, "critical-results")
    unknown = uncompared(rules, occasion.resource) if occasion.resource else []
    if unknown:
        # Nobody is called, and the administrator should know why: the unit is none of UCUM's.
        log.warning("result_not_compared", extra={"observation": occasion.change.id,
                                                  "rules": unknown})  # fmt: skip
    judge(
        occasion,
        rules,
        # Of an unknown patient every limit holds: what hits nobody then never does.
        lambda result: bool(critical(rules, result, Person())),
        lambda result, person: critical(rules, result, person),
    )
