"""`/fhir/openapi.json`: the API as an OpenAPI document.

Like the CapabilityStatement, it is for everybody.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final

from flask import Blueprint, Request, Response, request

from fhirserver.engine import Engine
from fhirserver.errors import Invalid, Throttled
from fhirserver.interactions.context import Context
from fhirserver.model import json
from fhirserver.search.parameters import Parameters

# Zipped, the whole takes about half a megabyte.
_MOST_KEPT: Final = 8
# Anybody may ask for any selection of types: that must not keep a process from its work.
_one_at_a_time = threading.Lock()
_PATIENCE_SECONDS: Final = 2.0


def blueprint(engine: Engine) -> Blueprint:
    """The address of the document."""
    made = Blueprint("openapi", __name__)
    ctx = engine.context

    @made.get("/fhir/openapi.json")
    def show() -> Response:
        request.environ["fhirserver.interaction"] = "openapi"
        types = _types(ctx, request.args.getlist("_type"))
        ctx.added.now()
        generation = ctx.conformance.generation
        if not _one_at_a_time.acquire(timeout=_PATIENCE_SECONDS):
            raise Throttled("other OpenAPI documents are being made: try again shortly")
        try:
            zipped, tag = _document(ctx, generation, ctx.parameters, types)
        finally:
            _one_at_a_time.release()
        return _response(zipped, tag, request)

    return made


def _types(ctx: Context, given: Sequence[str]) -> tuple[str, ...]:
    """The types that the document is about, in the order of the standard."""
    wanted = {name for value in given for name in value.split(",") if name}
    for name in sorted(wanted):
        if not ctx.definitions.is_resource(name):
            raise Invalid(f"_type: {name[:60]!r} is not a resource type")
    return tuple(t for t in ctx.definitions.resource_types if not wanted or t in wanted)


@lru_cache(maxsize=_MOST_KEPT)
def _document(
    ctx: Context, generation: str, parameters: Parameters, types: tuple[str, ...]
) -> tuple[bytes, str]:
    """The zipped text and its ETag, as definitions and search parameters are at one time."""
    # Few processes are ever asked for it.
    from fhirserver.web.openapi.document import document  # noqa: PLC0415

    text = json.dump(document(ctx, types))
    deflate = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return deflate.compress(text) + deflate.flush(), f'W/"{sha256(text).hexdigest()[:32]}"'


def _response(zipped: bytes, tag: str, asked: Request) -> Response:
    headers = {"ETag": tag, "Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
    if tag in asked.headers.get("If-None-Match", ""):
        return Response(status=304, headers=headers)
    if asked.accept_encodings.quality("gzip") > 0:
        headers["Content-Encoding"] = "gzip"
        content = zipped
    else:
        content = zlib.decompress(zipped, zlib.MAX_WBITS | 16)
    return Response(content, content_type="application/json", headers=headers)
