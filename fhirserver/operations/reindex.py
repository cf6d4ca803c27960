"""`$reindex`: makes the index of types anew, while the server goes on; answers with the job.

https://hl7.org/fhir/R4/async.html
"""

from __future__ import annotations

import logging

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.reindexing import accepted, found, require
from fhirserver.interactions.operation import ANY, OURS, Call, Parameter, operation
from fhirserver.storage.reindex_jobs import start

log = logging.getLogger(__name__)


@operation(
    "reindex",
    definition=f"{OURS}/Resource-reindex",
    levels=["system", "type"],
    types=[ANY],
    parameters=[Parameter("type", "code", max=None)],
    affects_state=True,
)
def reindex(ctx: Context, call: Call) -> FhirResponse:
    """Start a job for the types that are asked for: all of them, if none is."""
    known = ctx.definitions.resource_types
    asked = sorted({call.type} if call.type else set(call.inputs.all("type")) or set(known))
    for number, resource_type in enumerate(call.inputs.all("type")):
        if call.type is not None:
            raise Invalid("the address names the type", expression=call.inputs.place("type"))
        if not ctx.definitions.is_resource(resource_type):
            raise Invalid(
                f"there is no resource type {resource_type[:64]!r} in FHIR R4",
                expression=call.inputs.place("type", number),
            )
    require(call.principal, asked)
    job = start(ctx.store.database, asked, f"$reindex by {call.principal.subject}")
    log.info("reindex_asked", extra={"job": job, "types": len(asked)})
    return accepted(ctx, found(ctx, call.principal, job))
