"""Calls beside the FHIR interface, such as those of CDS Hooks and of administrators, as events.

Whoever serves an address of its own has them on record by `called`.
"""

from __future__ import annotations

from fhirserver import clock, ids
from fhirserver.access.principal import Principal
from fhirserver.audit.event import Caller, Event, Origin, Subject
from fhirserver.errors import FhirError

_SERVER_FAILED = 500


def caller_of(principal: Principal, address: str | None) -> Caller:
    """The agents of an event: the client, and the person if there is one."""
    user = principal.user
    if user is None:
        client = principal.client or principal.subject
        return Caller(client=client, address=address, purposes=principal.purposes)
    return Caller(
        client=principal.client,
        address=address,
        user=user.id,
        name=user.name,
        who=user.fhir_user,
        roles=tuple(sorted(user.roles)),
        purposes=principal.purposes,
    )


def called(
    principal: Principal,
    operation: str,
    origin: Origin,
    *,
    error: FhirError | None = None,
    reason: str | None = None,
    subjects: tuple[Subject, ...] = (),
) -> Event:
    """That somebody called something under this name, and how it failed, if it did.

    `reason` is told where there is no error; neither carries patient data.
    """
    return Event(
        id=ids.new(),
        recorded=int(clock.now().timestamp() * 1000),
        subtype="operation",
        action="E",
        caller=caller_of(principal, origin.address),
        outcome="0" if error is None else "8" if error.status >= _SERVER_FAILED else "4",
        reason=reason if error is None else f"{error.status} {error.code}",
        operation=operation,
        request_id=origin.request_id,
        subjects=subjects,
    )
