"""What operations read, they read through the one door, with the caller's rights.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from collections.abc import Iterable

from fhirserver.access.principal import Principal
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operation import Call
from fhirserver.model import json
from fhirserver.model.resource import Resource


def instance(ctx: Context, call: Call) -> Resource:
    """The resource in the address; raises NotFound or Gone."""
    assert call.type is not None
    assert call.id is not None
    return read(ctx, call.principal, call.type, call.id)


def read(ctx: Context, principal: Principal, resource_type: str, resource_id: str) -> Resource:
    """The current version of a resource; raises NotFound, Gone or Forbidden."""
    answer = ctx.handle(FhirRequest("read", principal, type=resource_type, id=resource_id))
    return json.parse_object(answer.content or b"{}")


def search(
    ctx: Context, principal: Principal, resource_type: str, pairs: Iterable[tuple[str, str]]
) -> Resource:
    """The first page of a search, as a Bundle."""
    answer = ctx.handle(
        FhirRequest("search-type", principal, type=resource_type, query=tuple(pairs))
    )
    return json.parse_object(answer.content or b"{}")
