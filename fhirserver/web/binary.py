"""Binary in its own format: sent and fetched as the file it is, not as JSON.

https://hl7.org/fhir/R4/binary.html#rest
"""

from __future__ import annotations

from base64 import b64decode, b64encode

from flask import Response
from werkzeug.http import http_date

from fhirserver.interactions.messages import FhirResponse, etag
from fhirserver.interactions.routing import Route
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.web.negotiation import is_fhir, names_fhir


def is_sent_raw(found: Route, content_type: str | None) -> bool:
    """Whether the body is a file rather than a resource."""
    return (
        found.type == "Binary"
        and found.interaction in {"create", "update"}
        and not is_fhir(content_type)
    )


def is_wanted_raw(found: Route, accept: str | None, format_parameter: str | None) -> bool:
    """Whether the client gets the file itself: always, unless it asks for a format of FHIR."""
    return (
        found.type == "Binary"
        and found.interaction in {"read", "vread"}
        and format_parameter is None
        and not names_fhir(accept)
    )


def resource(data: bytes, content_type: str, context: str | None, id_: str | None) -> Resource:
    """A Binary resource that holds a file."""
    made: Resource = {"resourceType": "Binary", "contentType": " ".join(content_type.split())}
    if id_ is not None:
        made["id"] = id_
    if context:
        made["securityContext"] = {"reference": context}
    if data:
        made["data"] = b64encode(data).decode()
    return made


def raw_response(answer: FhirResponse) -> Response:
    """The file of a Binary, never shown by a browser as if it were ours."""
    held = json.parse_object(answer.content or b"{}")
    response = Response(b64decode(held.get("data", "")), content_type=_media_type(held))
    response.headers["Content-Disposition"] = "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Vary"] = "Accept"
    if answer.version is not None:
        response.headers["ETag"] = etag(answer.version)
    if answer.updated is not None:
        response.headers["Last-Modified"] = http_date(answer.updated)
    return response


def _media_type(held: Resource) -> str:
    """Its contentType, where a header can carry that: a code may have a line break in it."""
    content_type: str = held["contentType"]
    is_plain = content_type.isascii() and content_type.isprintable()
    return content_type if is_plain else "application/octet-stream"
