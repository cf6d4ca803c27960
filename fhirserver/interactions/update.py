"""FHIR update: a new version of a resource by its id, or of the one that a condition matches.

An id that was never used makes a new resource with that id.
https://hl7.org/fhir/R4/http.html#update
"""

from __future__ import annotations

from urllib.parse import urlencode

from fhirserver.errors import Invalid
from fhirserver.interactions.checking import checked
from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent, allowed_versions, response, source_of, writer_of
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse


def intent(request: FhirRequest) -> Intent:
    """What an update wants."""
    assert request.type is not None
    resource = checked(request)
    if request.id is not None and resource.get("id") != request.id:
        raise Invalid(
            "the resource must have the id of the address", expression=f"{request.type}.id"
        )
    if request.if_none_match not in {None, "*"}:
        raise Invalid("an update takes no If-None-Match but `*`")
    return Intent(
        "update",
        request.type,
        id=request.id,
        criteria=None if request.id is not None else urlencode(request.query),
        resource=resource,
        if_match=allowed_versions(request),
        must_be_new=request.if_none_match == "*",
        place=request.place,
        wants_issues=request.prefer_return == "OperationOutcome",
        writer=writer_of(request),
        source=source_of(request),
    )


@interactions.register("update")
def update(ctx: Context, request: FhirRequest) -> FhirResponse:
    return response(commit(ctx, [intent(request)])[0], request)
