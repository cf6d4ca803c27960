"""How an operation changes a resource: through the one door, and again when others were faster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fhirserver.errors import Conflict, VersionConflict
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, etag
from fhirserver.interactions.operation import Call
from fhirserver.model import json
from fhirserver.model.resource import Resource

ATTEMPTS: Final = 12


def changed(ctx: Context, call: Call, change: Callable[[Resource], Resource]) -> Resource:
    """Put the resource of the address through a function, and store what comes of it.

    The caller needs the rights to read and to update it. If-Match is honoured.
    """
    assert call.type is not None
    assert call.id is not None
    for _ in range(ATTEMPTS):
        read = ctx.handle(FhirRequest("read", call.principal, call.type, call.id))
        assert read.version is not None
        given = call.request.if_match
        wanted = change(json.parse_object(read.content or b"{}"))
        update = FhirRequest(
            "update",
            call.principal,
            call.type,
            call.id,
            body=wanted,
            if_match=given or etag(read.version),
            prefer_return="representation",
        )
        try:
            return json.parse_object(ctx.handle(update).content or b"{}")
        except VersionConflict:
            if given is not None:
                raise
    raise Conflict("other changes to the same resource kept coming first: try again")
