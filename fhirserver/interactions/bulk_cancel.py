"""Ending an export or import, or giving up its files: nobody will ask for them any more.

https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-delete-request
"""

from __future__ import annotations

from fhirserver.errors import Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.bulk_jobs import found
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.storage import jobs


@interactions.register("bulk-cancel")
def bulk_cancel(ctx: Context, request: FhirRequest) -> FhirResponse:
    """What an import has stored stays stored."""
    job = found(ctx, request.principal, request.id)
    jobs.cancel(ctx.store.database, job.id)
    told = outcome([Issue("information", "informational", f"the {job.kind} is cancelled")])
    return FhirResponse(202, json.dump(told), is_outcome=True)
