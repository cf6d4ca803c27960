"""A stored file as an HTTP response, piece by piece, however large it is."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from fhirserver.interactions.messages import FhirResponse


def file_response(answer: FhirResponse, pieces: Iterator[bytes], method: str) -> Response:
    """The file, never shown by a browser as if it were ours."""
    body = iter(()) if method == "HEAD" else pieces
    response = Response(body, status=answer.status, content_type=answer.media_type)
    response.headers["Content-Disposition"] = "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.extend(answer.headers)
    return response
