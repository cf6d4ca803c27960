"""FHIR read: the current version of one resource.

https://hl7.org/fhir/R4/http.html#read
"""

from __future__ import annotations

from fhirserver.errors import Gone, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse, etag, versions_in
from fhirserver.interactions.shipped import supplied, tag
from fhirserver.interactions.subsets import subset, wanted_subset
from fhirserver.storage.current import current
from fhirserver.storage.rows import Version


@interactions.register("read")
def read(ctx: Context, request: FhirRequest) -> FhirResponse:
    assert request.type is not None
    assert request.id is not None
    version = current(ctx.store, request.type, request.id)
    if version is None or version.content is None:
        text = supplied(ctx, request.type, request.id)
        if text is not None:
            return _supplied(ctx, request, text)
    return answer(ctx, request, version)


def _supplied(ctx: Context, request: FhirRequest, text: bytes) -> FhirResponse:
    """The response for a definition that comes with the server."""
    headers = {"ETag": tag(text)}
    if request.if_none_match is not None and (
        headers["ETag"] in request.if_none_match or request.if_none_match.strip() == "*"
    ):
        return FhirResponse(304, headers=headers)
    wanted = wanted_subset(request.query)
    return FhirResponse(
        200,
        text if wanted is None else subset(text.decode(), wanted, ctx.definitions),
        headers=headers,
    )


def answer(ctx: Context, request: FhirRequest, version: Version | None) -> FhirResponse:
    """The response for a version: its content, or that it is absent, deleted or unchanged."""
    if version is None:
        raise NotFound(f"{request.type}/{request.id} doesn't exist")
    if version.content is None:
        # With its ETag, so that a client can bring it back to life under If-Match.
        raise Gone(
            f"{request.type}/{request.id} was deleted", headers={"ETag": etag(version.version)}
        )
    content: bytes | None = version.content.encode()
    status = 200
    if _is_known(request, version):
        status, content = 304, None
    else:
        wanted = wanted_subset(request.query)
        if wanted is not None:
            content = subset(version.content, wanted, ctx.definitions)
    return FhirResponse(status, content, version=version.version, updated=version.updated)


def _is_known(request: FhirRequest, version: Version) -> bool:
    """Whether the client has this version already; If-None-Match counts before the date."""
    if request.if_none_match is not None:
        known = versions_in(request.if_none_match) or ()
        return "*" in known or str(version.version) in known
    if request.if_modified_since is not None:
        # HTTP dates know only seconds.
        return version.updated.replace(microsecond=0) <= request.if_modified_since
    return False
