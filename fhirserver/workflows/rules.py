"""The plan of a kind of alert: the hospital's own where it has stored one, else ours."""

from __future__ import annotations

import logging
import time
from typing import Final

from fhirserver.alerting import Plan, plan_of, shipped_plans
from fhirserver.alerting.plans import ADDRESSES
from fhirserver.errors import FhirError
from fhirserver.settings import Settings
from fhirserver.workflows.acting import Acting

log = logging.getLogger(__name__)

SECONDS: Final = 5.0
"""How long a worker goes on with a plan that has been changed."""
_ADDRESS: Final = {kind: address for address, kind in ADDRESSES.items()}
_kept: dict[tuple[Settings, str], tuple[float, Plan]] = {}


def plan(acting: Acting, kind: str) -> Plan:
    """The plan that holds now, or held a moment ago."""
    key = (acting.settings, kind)
    found = _kept.get(key)
    if found is None or found[0] < time.monotonic() - SECONDS:
        found = _kept[key] = (time.monotonic(), _read(acting, kind))
    return found[1]


def _read(acting: Acting, kind: str) -> Plan:
    """The newest that is stored. One that can't be read is passed over: better ours than none."""
    stored = acting.search(
        "PlanDefinition", ("url", _ADDRESS[kind]), ("_sort", "-_lastUpdated"), ("_count", "10")
    )
    for definition in sorted(stored, key=lambda d: d.get("status") != "active"):
        try:
            return plan_of(definition)
        except FhirError as error:
            log.error(  # noqa: TRY400 - the reason says it all
                "alert_plan_unreadable",
                      extra={"plan": definition.get("id"), "reason": str(error)})  # fmt: skip
    return shipped_plans()[kind]
