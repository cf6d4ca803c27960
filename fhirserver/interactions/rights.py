"""Which right of a scope each interaction needs."""

from __future__ import annotations

from typing import Final, NoReturn

from fhirserver.access.access import Right
from fhirserver.errors import Forbidden, MethodNotAllowed
from fhirserver.interactions.messages import FhirRequest
from fhirserver.search.query import And, Chain, Condition, Not, Or, ReverseChain
from fhirserver.storage.guard import NOTHING, Guard

RIGHT: Final[dict[str, Right]] = {
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "history-type": "s",
    "history-system": "s",
    "search-type": "s",
    "search-system": "s",
    "search-compartment": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
}
"""A Bundle needs no right of its own: its entries do. The capabilities are for everybody."""


RECORD: Final = "AuditEvent"
CHANGES: Final = frozenset(["update", "patch", "delete"])


def refuse_change_of_record() -> NoReturn:
    """Raise MethodNotAllowed, with the reason."""
    raise MethodNotAllowed(
        "AuditEvents are the record of what was done: nobody can change or delete one",
        headers={"Allow": "GET, HEAD, POST"},
    )


def authorize(request: FhirRequest) -> None:
    """Raise Forbidden when the caller's token doesn't allow the request.

    What is on record, nobody changes: MethodNotAllowed, whatever the token says.
    """
    if request.type == RECORD and request.interaction in CHANGES:
        refuse_change_of_record()
    right = RIGHT.get(request.interaction)
    if right is None:
        return
    searched = request.version if request.interaction == "search-compartment" else request.type
    request.principal.require(right, None if searched == "*" else searched)


def refuse_forbidden_chains(condition: Condition, guard: Guard) -> None:
    """Raise Forbidden for a chain of which the caller may see no resource, whatever it says.

    It would find nothing; but who asks should know that this isn't an answer.
    """
    match condition:
        case Chain(_, targets, inner):
            if all(guard.searching(t) == NOTHING for t in targets):
                raise Forbidden(f"you may not search by {' or '.join(targets)}")
            refuse_forbidden_chains(inner, guard)
        case ReverseChain(source, _, inner):
            if guard.searching(source) == NOTHING:
                raise Forbidden(f"you may not search by {source}")
            refuse_forbidden_chains(inner, guard)
        case Not(inner):
            refuse_forbidden_chains(inner, guard)
        case And(conditions) | Or(conditions):
            for one in conditions:
                refuse_forbidden_chains(one, guard)
        case _:
            pass
