"""What a write about medicines is held to: the life cycle, and the prescription behind it.

The rules themselves are in `fhirserver/prescribing`; here is where they get what they look at.
"""

from __future__ import annotations

from fhirserver.errors import Unprocessable
from fhirserver.interactions.intents import Intent
from fhirserver.model import json
from fhirserver.prescribing.life_cycle import CYCLES, life_cycle_issues
from fhirserver.settings import Settings
from fhirserver.storage.rows import Version


def refuse_broken_life(settings: Settings, intent: Intent, old: Version | None) -> None:
    """Raise Unprocessable for a version of a prescription, dispense or administration that can't
    follow the one that is there.
    """
    if intent.type not in CYCLES or intent.resource is None or not is_held(settings, intent):
        return
    before = None
    if old is not None and old.content is not None:
        before = json.parse_object(old.content.encode())
    issues = life_cycle_issues(before, intent.resource)
    if issues:
        raise Unprocessable(issues=issues)


def is_held(settings: Settings, intent: Intent) -> bool:
    """Whether who writes is held to the rules of prescribing."""
    match settings.prescription_rules:
        case "people":
            return intent.writer == "person"
        case "everyone":
            return intent.writer is not None
        case _:
            return False
