"""FHIR create: a new resource with an id of the server's choice; conditionally with If-None-Exist.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

from urllib.parse import urlencode

from fhirserver.audit.codes import ORIGIN
from fhirserver.errors import Invalid
from fhirserver.interactions.checking import checked
from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent, response, source_of, writer_of
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.rights import RECORD
from fhirserver.model.resource import Resource


def intent(request: FhirRequest) -> Intent:
    """What a create wants."""
    assert request.type is not None
    resource = {k: v for k, v in checked(request).items() if k != "id"}
    if request.type == RECORD:
        resource = as_submitted(resource)
    return Intent(
        "create",
        request.type,
        criteria=_criteria(request),
        resource=resource,
        place=request.place,
        wants_issues=request.prefer_return == "OperationOutcome",
        writer=writer_of(request),
        source=source_of(request),
    )


def as_submitted(event: Resource) -> Resource:
    """An AuditEvent of another system, marked as such: our own can't be mistaken for it."""
    meta = event.get("meta", {})
    tags = [t for t in meta.get("tag", ()) if t.get("system") != ORIGIN]
    return {**event, "meta": {**meta, "tag": [*tags, {"system": ORIGIN, "code": "submitted"}]}}


def _criteria(request: FhirRequest) -> str | None:
    """The condition: If-None-Exist, or the query of the address, which fhirpy sends in its place.

    If that were passed over, the client would get a second resource beside the one it means.
    """
    if not request.query:
        return request.if_none_exist
    if request.if_none_exist is not None:
        raise Invalid("the condition must be either in If-None-Exist or in the address")
    return urlencode(request.query)


@interactions.register("create")
def create(ctx: Context, request: FhirRequest) -> FhirResponse:
    return response(commit(ctx, [intent(request)])[0], request)
