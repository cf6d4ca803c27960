"""FHIR vread: one version of one resource.

https://hl7.org/fhir/R4/http.html#vread
"""

from __future__ import annotations

from fhirserver.errors import NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.read import answer
from fhirserver.storage.current import numbered


@interactions.register("vread")
def vread(ctx: Context, request: FhirRequest) -> FhirResponse:
    assert request.type is not None
    assert request.id is not None
    number = request.version or ""
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotFound(f"{request.type}/{request.id} has no such version")
    version = numbered(ctx.store, request.type, request.id, int(number))
    return answer(ctx, request, version)
