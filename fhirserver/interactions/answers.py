"""The entries of a batch or transaction response.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response
"""

from __future__ import annotations

from base64 import b64encode
from http import HTTPStatus

from fhirserver.errors import FhirError, Issue
from fhirserver.interactions.changes import READS
from fhirserver.interactions.messages import FhirRequest, FhirResponse, etag
from fhirserver.model import json
from fhirserver.model.bundle import response_entry
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource
from fhirserver.storage.content import instant


def answer(response: FhirResponse, request: FhirRequest, *, is_head: bool = False) -> Resource:
    """The entry that answers an entry's request; to HEAD, without the resource."""
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
