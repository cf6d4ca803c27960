"""`$reindex-status`: how far a reindex job is.

https://hl7.org/fhir/R4/async.html#3.1.6.4
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reindexing import accepted, found, may, told
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.parameters import parameters, resource
from fhirserver.storage.reindex_jobs import open_jobs


@operation(
    "reindex-status",
    definition=f"{OURS}/reindex-status",
    levels=["system"],
    parameters=[Parameter("job", "positiveInt")],
)
def reindex_status(ctx: Context, call: Call) -> FhirResponse:
    """202 while there is something left to do, then 200; without a job, all that go on."""
    if "job" not in call.inputs:
        jobs = open_jobs(ctx.store.database)
        return answered(
            parameters([resource("job", told(j)) for j in jobs if may(call.principal, j.types)])
        )
    job = found(ctx, call.principal, call.inputs.one("job"))
    return accepted(ctx, job) if job.is_open else answered(told(job))
