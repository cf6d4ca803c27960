"""Which right of a scope each interaction needs."""

from __future__ import annotations

from typing import Final

from fhirserver.access.access import Right
from fhirserver.interactions.messages import FhirRequest

RIGHT: Final[dict[str, Right]] = {
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "history-type": "r",
    "history-system": "r",
    "search-type": "s",
    "search-system": "s",
    "search-compartment": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
}
"""A Bundle needs no right of its own: its entries do. The capabilities are for everybody."""


def authorize(request: FhirRequest) -> None:
    """Raise Forbidden when the caller's token doesn't allow the request."""
    right = RIGHT.get(request.interaction)
    if right is None:
        return
    searched = request.version if request.interaction == "search-compartment" else request.type
    request.principal.require(right, None if searched == "*" else searched)
