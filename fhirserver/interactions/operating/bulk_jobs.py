"""Beginning a job that outlives its request, as the asynchronous request pattern has it.

https://hl7.org/fhir/R4/async.html, https://hl7.org/fhir/uv/bulkdata/export.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fhirserver import ids
from fhirserver.access.access import Right
from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Invalid, Issue, NotFound, Throttled
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operation import Call
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.storage import jobs
from fhirserver.storage.jobs import Asked, Job, Kind

ADDRESS: Final = "bulk"
"""Below the base: where a job is asked about, and its files lie."""
TAKEN_SECONDS: Final = 30


def may_all(principal: Principal, right: Right, types: Iterable[str]) -> bool:
    """Whether the token speaks for a system that has this right on all of these types."""
    return principal.user is None and all(
        principal.may(right, t, context="system") and principal.may(right, t) for t in types
    )


def begun(ctx: Context, call: Call, kind: Kind, asked: Mapping[str, Any]) -> FhirResponse:
    """The job is in the queue; Content-Location is where to ask about it."""
    principal = call.principal
    started = Asked(
        UUID(ids.new()),
        kind,
        principal.subject,
        principal.client,
        " ".join(scope.written for scope in principal.scopes),
        _address(ctx, call),
        asked,
    )
    most = ctx.settings.bulk_jobs_at_once
    if not jobs.start(ctx.store.database, started, most=most):
        raise Throttled(
            f"{most} of your exports and imports aren't done yet: wait for one, or cancel it",
            headers={"Retry-After": str(TAKEN_SECONDS)},
        )
    told = outcome([Issue("information", "informational", f"the {kind} has been accepted")])
    where = f"{ctx.settings.fhir_base}/{ADDRESS}/{started.id}"
    return FhirResponse(202, json.dump(told), headers={"Content-Location": where}, is_outcome=True)


def require_async(call: Call) -> None:
    """Raise Invalid unless the client says that it will come back for the answer."""
    if call.request.place:
        raise Invalid("a job can't be begun from inside a Bundle")
    if not call.request.is_async:
        raise Invalid("this takes a while: send the header Prefer: respond-async")


def found(ctx: Context, principal: Principal, id_: str | None) -> Job:
    """A job of the caller's; one of somebody else's isn't there, nor one that was cancelled."""
    try:
        number = UUID(id_ or "")
    except ValueError:
        raise _unknown() from None
    job = jobs.find(ctx.store.database, number)
    if job is None or job.state == "cancelled" or str(number) != id_:
        raise _unknown()
    if (job.subject, job.client) != (principal.subject, principal.client):
        raise _unknown()
    if not principal.is_system or principal.user is not None:
        raise Forbidden("exports and imports are for systems: it needs a scope such as system/*.rs")
    return job


def _unknown() -> NotFound:
    return NotFound("there is no such job: it may have been cancelled, or its time is over")


def _address(ctx: Context, call: Call) -> str:
    """What was asked for, as the manifest repeats it."""
    request = call.request
    parts = [p for p in (request.type, request.id) if p]
    path = "/".join([ctx.settings.fhir_base, *parts, f"${request.operation}"])
    return f"{path}?{urlencode(request.query, safe=',:/')}" if request.query else path
