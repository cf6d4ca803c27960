"""A file of an export or import, for the one who asked for it.

https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-output-file-request
"""

from __future__ import annotations

from typing import Final

from fhirserver.errors import NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.bulk_jobs import found
from fhirserver.interactions.operating.exports import MEDIA_TYPES, NDJSON, Export, require
from fhirserver.storage import jobs

_OF_NO_TYPE: Final = frozenset({"OperationOutcome", "Bundle"})


@interactions.register("bulk-file")
def bulk_file(ctx: Context, request: FhirRequest) -> FhirResponse:
    """The token must still allow to read what is in it."""
    job = found(ctx, request.principal, request.id)
    if job.state != "done" or request.place:
        raise NotFound("there is no such file, or not yet")
    wanted = [f for f in jobs.files(ctx.store.database, job.id) if str(f.number) == request.version]
    if not wanted:
        raise NotFound("there is no such file")
    file = wanted[0]
    if job.kind == "export":
        export = Export.of(job.asked)
        require(request.principal, export.types if file.type in _OF_NO_TYPE else [file.type])
    is_table = job.kind == "export" and file.kind == "output" and export.format == "parquet"
    return FhirResponse(
        200,
        file=file.blob,
        media_type=MEDIA_TYPES["parquet"] if is_table else NDJSON,
        headers={"Content-Length": str(file.size), "Cache-Control": "no-store"},
    )
