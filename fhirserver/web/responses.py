"""A FHIR response as an HTTP response: headers, pretty printing, compression."""

from __future__ import annotations

import zlib

from flask import Request, Response
from werkzeug.http import http_date

from fhirserver.errors import FhirError
from fhirserver.interactions.messages import FhirResponse, etag
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.web.negotiation import FHIR_JSON

CONTENT_TYPE = f"{FHIR_JSON}; charset=utf-8"
LEAST_ZIPPED = 1400  # about what one packet holds


def http_response(
    answer: FhirResponse, request: Request, base: str, *, pretty: bool = False
) -> Response:
    """The response with the headers of https://hl7.org/fhir/R4/http.html."""
    response = _with_body(answer.status, answer.content, request, pretty=pretty)
    headers = response.headers
    if answer.version is not None:
        headers["ETag"] = etag(answer.version)
    if answer.updated is not None:
        headers["Last-Modified"] = http_date(answer.updated)
    if answer.location is not None:
        headers["Location"] = f"{base}/{answer.location}"
    headers.extend(answer.headers)
    return response


def error_response(error: FhirError, request: Request, *, pretty: bool = False) -> Response:
    """What went wrong, as an OperationOutcome."""
    content = json.dump(outcome(error.issues))
    response = _with_body(error.status, content, request, pretty=pretty)
    response.headers.extend(error.headers)
    return response


def _with_body(status: int, content: bytes | None, request: Request, *, pretty: bool) -> Response:
    if content is None:
        response = Response(status=status)
        del response.headers["Content-Type"]
        return response
    if pretty:
        content = json.dump(json.raw(content), pretty=True)
    zipped = len(content) >= LEAST_ZIPPED and request.accept_encodings.quality("gzip") > 0
    if zipped:
        # Level 1: a FHIR page shrinks to a tenth already, at a fifth of the default's cost.
        deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        content = deflate.compress(content) + deflate.flush()
    response = Response(content, status=status, content_type=CONTENT_TYPE)
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    return response
