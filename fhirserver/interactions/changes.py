"""Which interactions change something, and what each of them wants; which ones only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fhirserver.interactions import create, delete, patch, update
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.messages import FhirRequest

INTENT: Final[Mapping[str, Callable[[FhirRequest], Intent]]] = {
    "create": create.intent,
    "update": update.intent,
    "patch": patch.intent,
    "delete": delete.intent,
}
READS: Final = frozenset(
    {"read", "vread", "history-instance", "history-type", "history-system", "capabilities"}
    | {"search-type", "search-system", "search-compartment", "operation"}
)
