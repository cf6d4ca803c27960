"""`$reindex-cancel`: ends a reindex job where it is; what it has done stays.

https://hl7.org/fhir/R4/async.html#3.1.6.3
"""

from __future__ import annotations

import logging

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reindexing import found, told
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.storage.reindex_jobs import cancel

log = logging.getLogger(__name__)


@operation(
    "reindex-cancel",
    definition=f"{OURS}/reindex-cancel",
    levels=["system"],
    parameters=[Parameter("job", "positiveInt", min=1)],
    affects_state=True,
)
def reindex_cancel(ctx: Context, call: Call) -> FhirResponse:
    """Cancel what isn't done yet; a job that has ended stays as it is."""
    job = found(ctx, call.principal, call.inputs.one("job"))
    cancel(ctx.store.database, job.id)
    log.info("reindex_cancelled", extra={"job": job.id})
    return answered(told(found(ctx, call.principal, job.id)))
