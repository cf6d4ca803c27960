"""FHIR patch: change some elements of a resource, by its id or by a condition.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from urllib.parse import urlencode

from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent, allowed_versions, response, source_of, writer_of
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse


def intent(request: FhirRequest) -> Intent:
    """What a patch wants."""
    assert request.type is not None
    return Intent(
        "patch",
        request.type,
        id=request.id,
        criteria=None if request.id is not None else urlencode(request.query),
        patch=request.body,
        patch_format=request.patch_format,
        if_match=allowed_versions(request),
        place=request.place,
        wants_issues=request.prefer_return == "OperationOutcome",
        writer=writer_of(request),
        source=source_of(request),
    )


@interactions.register("patch")
def patch(ctx: Context, request: FhirRequest) -> FhirResponse:
    return response(commit(ctx, [intent(request)])[0], request)
