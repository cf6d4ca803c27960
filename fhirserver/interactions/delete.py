"""FHIR delete: the resource is gone, its versions stay; by its id or by a condition.

https://hl7.org/fhir/R4/http.html#delete
"""

from __future__ import annotations

from urllib.parse import urlencode

from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent, allowed_versions, response, source_of, writer_of
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse


def intent(request: FhirRequest) -> Intent:
    """What a delete wants."""
    assert request.type is not None
    return Intent(
        "delete",
        request.type,
        id=request.id,
        criteria=None if request.id is not None else urlencode(request.query),
        if_match=allowed_versions(request),
        place=request.place,
        writer=writer_of(request),
        source=source_of(request),
    )


@interactions.register("delete")
def delete(ctx: Context, request: FhirRequest) -> FhirResponse:
    return response(commit(ctx, [intent(request)])[0], request)
