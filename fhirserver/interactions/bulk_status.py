"""How far an export or import is, and what it came to: the manifest.

https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver import clock
from fhirserver.errors import Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.bulk_jobs import ADDRESS, found
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource
from fhirserver.storage import jobs
from fhirserver.storage.content import instant
from fhirserver.storage.jobs import File, Job

_FAILED: Final = 500
# A job that has just begun may be done soon; one that takes an hour needn't be asked so often.
_SOONEST_SECONDS: Final = 1
_LATEST_SECONDS: Final = 30
_PART_OF_AGE: Final = 10


@interactions.register("bulk-status")
def bulk_status(ctx: Context, request: FhirRequest) -> FhirResponse:
    job = found(ctx, request.principal, request.id)
    if job.is_open:
        age = int((clock.now() - job.made).total_seconds())
        wait = min(max(age // _PART_OF_AGE, _SOONEST_SECONDS), _LATEST_SECONDS)
        return FhirResponse(202, headers={"X-Progress": progress(job), "Retry-After": str(wait)})
    headers = {"Cache-Control": "no-store"}
    if job.expires is not None:
        headers["Expires"] = job.expires.strftime("%a, %d %b %Y %H:%M:%S GMT")
    if job.state == "failed":
        told = outcome([Issue("error", "exception", job.reason or f"the {job.kind} failed")])
        return FhirResponse(_FAILED, json.dump(told), is_outcome=True, headers=headers)
    made = manifest(ctx, job, jobs.files(ctx.store.database, job.id))
    return FhirResponse(200, json.dump(made), media_type="application/json", headers=headers)


def progress(job: Job) -> str:
    """How far a job is, in at most 100 characters.

    https://hl7.org/fhir/uv/bulkdata/export.html#response---in-progress-status
    """
    place = job.place or {}
    if "of" not in place:
        return "waiting" if job.state == "waiting" else f"{job.done:,} resources"
    now, of = place["now"], place["of"]
    text = f"{job.done:,} resources, {place.get('what', '')} ({now} of {of})"
    return f"{text}, {100 * now // of if of else 100} %"[:100]


def manifest(ctx: Context, job: Job, files: Sequence[File]) -> Resource:
    """What a job came to."""
    base = f"{ctx.settings.fhir_base}/{ADDRESS}/{job.id}"

    def told(kind: str) -> list[Resource]:
        return [
            {
                "type": f.type,
                "url": f"{base}/{f.number}",
                "count": f.count,
                **({"inputUrl": f.about} if f.about is not None else {}),
            }
            for f in files
            if f.kind == kind
        ]

    made: Resource = {
        "transactionTime": instant(job.made),
        "request": job.request,
        "requiresAccessToken": True,
        "output": told("output"),
        "error": told("error"),
    }
    if job.kind == "export":
        return {**made, "deleted": told("deleted")}
    inputs = (job.place or {}).get("inputs", [])
    output = [{"type": i["type"], "inputUrl": i["url"], "count": i["stored"]} for i in inputs]
    return {**made, "output": output}
