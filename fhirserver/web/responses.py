"""A FHIR response as an HTTP response: headers, pretty printing, compression."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Final

from flask import Request, Response
from werkzeug.http import http_date

from fhirserver.errors import FhirError, NotAcceptable
from fhirserver.interactions.messages import FhirResponse, etag
from fhirserver.model import json, xml
from fhirserver.model.outcome import outcome
from fhirserver.web.negotiation import FHIR_JSON, FHIR_XML, Format

CONTENT_TYPE: Final[dict[Format, str]] = {
    "json": f"{FHIR_JSON}; charset=utf-8",
    "xml": f"{FHIR_XML}; charset=utf-8",
}
# A Bundle of answers lies around resources that are as deep as they may be.
_MAX_DEPTH: Final = 2 * json.MAX_DEPTH
LEAST_ZIPPED = 1400  # about what one packet holds


def http_response(
    answer: FhirResponse,
    request: Request,
    base: str,
    *,
    pretty: bool = False,
    written: Format = "json",
) -> Response:
    """The response with the headers of https://hl7.org/fhir/R4/http.html."""
    if answer.stream is not None:
        response = Response(answer.stream, status=answer.status)
        response.headers["Vary"] = "Accept"
    else:
        response = _with_body(
            answer.status,
            answer.content,
            request,
            pretty=pretty and (answer.media_type is None or "json" in answer.media_type),
            written=written if answer.media_type is None else "json",
            is_lasting=answer.is_lasting,
        )
    if answer.media_type is not None:
        response.content_type = _described(answer.media_type)
    headers = response.headers
    if answer.version is not None:
        headers["ETag"] = etag(answer.version)
    if answer.updated is not None:
        headers["Last-Modified"] = http_date(answer.updated)
    if answer.location is not None:
        headers["Location"] = f"{base}/{answer.location}"
    headers.extend(answer.headers)
    return response


def _described(media_type: str) -> str:
    """The Content-Type: texts are UTF-8."""
    is_text = media_type.startswith("text/") or media_type.endswith(("/json", "+json"))
    return f"{media_type}; charset=utf-8" if is_text else media_type


def error_response(
    error: FhirError,
    request: Request,
    *,
    pretty: bool = False,
    written: Format = "json",
) -> Response:
    """What went wrong, as an OperationOutcome."""
    content = json.dump(outcome(error.issues))
    response = _with_body(error.status, content, request, pretty=pretty, written=written)
    response.headers.extend(error.headers)
    return response


def _with_body(
    status: int,
    content: bytes | None,
    request: Request,
    *,
    pretty: bool,
    written: Format,
    is_lasting: bool = False,
) -> Response:
    if content is None:
        response = Response(status=status)
        del response.headers["Content-Type"]
        return response
    if written == "xml":
        content, written = _as_xml(content, pretty=pretty)
    elif pretty:
        content = json.dump(json.raw(content), pretty=True)
    zipped = len(content) >= LEAST_ZIPPED and request.accept_encodings.quality("gzip") > 0
    if zipped:
        content = _zipped_once(content) if is_lasting else _zipped(content)
    response = Response(content, status=status, content_type=CONTENT_TYPE[written])
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _zipped(content: bytes) -> bytes:
    # Level 1: a FHIR page shrinks to a tenth already, at a fifth of the default's cost.
    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return deflate.compress(content) + deflate.flush()


# An object of bytes remembers its hash, so that looking it up takes no time.
_zipped_once = lru_cache(maxsize=4)(_zipped)


def _as_xml(content: bytes, *, pretty: bool) -> tuple[bytes, Format]:
    """The XML of a resource; its JSON where XML can't say it.

    A change is made by then, so that a refusal would say the wrong thing.
    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1-11
    """
    try:
        value = json.parse(content, max_depth=_MAX_DEPTH)
        return xml.write(value, pretty=pretty), "xml"
    except NotAcceptable:
        return content, "json"
