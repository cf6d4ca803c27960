"""The entries of a batch or transaction response.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from fhirserver.errors import FhirError, Issue, TooCostly
from fhirserver.interactions.changes import READS
from fhirserver.interactions.messages import FhirRequest, FhirResponse, etag
from fhirserver.model import json
from fhirserver.model.bundle import response_entry
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource
from fhirserver.storage.content import instant

MOST_STREAMED: Final = 10_000_000
"""Bytes of an answer that is made while it is sent, in a Bundle."""


def answer(response: FhirResponse, request: FhirRequest, *, is_head: bool = False) -> Resource:
    """The entry that answers an entry's request; to HEAD, without the resource."""
    if response.stream is not None:
        response = replace(response, content=_gathered(response.stream), stream=None)
    content = None if response.content is None else json.raw(_as_resource(response))
    shows = (
        request.interaction in READS and not is_head
    ) or request.prefer_return == "representation"
    return response_entry(
        _status(response.status),
        location=response.location,
        etag=None if response.version is None else etag(response.version),
        last_modified=None if response.updated is None else instant(response.updated),
        resource=content if shows and not response.is_outcome else None,  # type: ignore[arg-type]
        outcome=content if response.is_outcome else None,  # type: ignore[arg-type]
    )


def _gathered(stream: Iterable[bytes]) -> bytes:
    """What is made while it is sent, at once: a Bundle is in memory as a whole."""
    found = bytearray()
    for piece in stream:
        found += piece
        if len(found) > MOST_STREAMED:
            raise TooCostly("the answer is too large for a Bundle: send the request by itself")
    return bytes(found)


def _as_resource(response: FhirResponse) -> bytes:
    """The content; what isn't FHIR is in a Binary, as a Bundle holds resources only."""
    content = response.content or b""
    if response.media_type is None:
        return content
    data = b64encode(content).decode()
    return json.dump({"resourceType": "Binary", "contentType": response.media_type, "data": data})


def failure(error: FhirError, number: int | None = None) -> Resource:
    """The entry that says why an entry could not be done.

    With a number the issues are those of its resource; without, they have their place already.
    """
    issues = error.issues if number is None else placed(error, number)
    return response_entry(_status(error.status), outcome=outcome(issues))


def placed(error: FhirError, number: int) -> list[Issue]:
    """The issues of the resource of an entry, seen from the Bundle."""
    return [i.inside(f"Bundle.entry[{number}].resource") for i in error.issues]


def _status(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
