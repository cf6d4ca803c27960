"""Every rule about a result, one after the other, for one change of an Observation.

They are one workflow, because most Observations concern none of them. A load of old records doesn't
come by here, as no plan looks further back than MOST_FRESH. One that fails keeps no other from its
work: all are done, and then the change is tried again for those that failed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fhirserver.alerting.plans import MOST_FRESH
from fhirserver.workflows import critical_results, early_warning, result_changes
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.registering import workflow

RULES: Final[tuple[Callable[[Occasion], None], ...]] = (
    critical_results.act,
    early_warning.act,
    result_changes.deterioration,
    result_changes.changes,
)


@workflow("result_alerts", types=("Observation",), looks_back=MOST_FRESH)
def act(occasion: Occasion) -> None:
    failures: list[Exception] = []
    for rule in RULES:
        try:
            rule(occasion)
        except Exception as error:  # noqa: BLE001 - it is raised below
            failures.append(error)
    if failures:
        raise failures[0]
