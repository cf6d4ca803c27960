"""The entries of a batch or transaction as requests of their own.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, replace
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, PatchFormat
from fhirserver.interactions.pairs import pairs_in, segments_in
from fhirserver.interactions.routing import Route, route
from fhirserver.model import json
from fhirserver.model.resource import Resource

# Invariants of a Bundle that its entries' own errors tell better, with the entry's place: an entry
# without a request, two with one fullUrl. https://hl7.org/fhir/R4/bundle.html#invs
TOLD_BETTER: Final = frozenset({"bdl-3", "bdl-7"})

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry's number in the Bundle, its fullUrl and its request."""

    number: int
    full_url: str | None
    request: FhirRequest
    is_head: bool = False


def request_of(
    ctx: Context, outer: FhirRequest, entry: Resource, number: int, *, is_checked: bool
) -> Entry:
    """The request that an entry makes, with the outer one's principal and preferences.

    Raises FhirError with the place in the Bundle.
    """
    place = f"Bundle.entry[{number}]"
    asked = entry.get("request")
    if not isinstance(asked, dict) or not isinstance(asked.get("url"), str):
        raise Invalid(
            "every entry needs a request with a method and a url", expression=f"{place}.request"
        )
    method = asked.get("method")
    if method not in _METHODS:
        raise Invalid("the method isn't one of FHIR's", expression=f"{place}.request.method")
    try:
        found, pairs = _understood(ctx, method, asked["url"])
    except FhirError as error:
        # Without headers: an Allow for the entry is none for the Bundle's address.
        issues = [replace(i, expression=f"{place}.request.url") for i in error.issues]
        raise type(error)(issues=issues) from error
    if found.operation is not None:
        body, patch_format = entry.get("resource"), None
    else:
        body, patch_format = _body(entry.get("resource"), method, place)
    made = replace(
        outer,
        interaction=found.interaction,
        type=found.type,
        id=found.id,
        version=found.version,
        operation=found.operation,
        is_post=method == "POST",
        query=tuple(pairs),
        body=body,
        patch_format=patch_format,
        if_match=asked.get("ifMatch"),
        if_none_match=asked.get("ifNoneMatch"),
        if_none_exist=asked.get("ifNoneExist"),
        if_modified_since=None,
        prefer_return=outer.prefer_return or "minimal",
        place=f"{place}.resource",
        is_checked=is_checked,
    )
    full_url = entry.get("fullUrl")
    return Entry(number, full_url if isinstance(full_url, str) else None, made, method == "HEAD")


def _understood(ctx: Context, method: str, url: str) -> tuple[Route, list[tuple[str, str]]]:
    address, _, query = url.partition("?")
    found = route(
        method, segments_in(address.removeprefix(ctx.settings.fhir_base)), ctx.definitions
    )
    if found.interaction == "bundle":
        raise Invalid("a Bundle can't be inside a Bundle")
    if method == "POST" and found.interaction not in {"create", "operation"}:
        raise Invalid("a search in a Bundle is a GET")
    # How an answer is written is decided for the Bundle as a whole.
    return found, [p for p in pairs_in(query) if p[0] not in {"_format", "_pretty"}]


def _body(resource: object, method: str, place: str) -> tuple[Any, PatchFormat | None]:
    if method in {"POST", "PUT"} and resource is None:
        raise Invalid(f"an entry with {method} needs a resource", expression=place)
    if method == "PATCH":
        return _patch(resource, place)
    return resource, None


_IN_BINARY: Final[dict[str, PatchFormat]] = {
    "application/json-patch+json": "json-patch",
    "application/merge-patch+json": "merge-patch",
    "application/xml-patch+xml": "xml-patch",
}


def _patch(resource: object, place: str) -> tuple[Any, PatchFormat]:
    """In a Bundle a patch is a Parameters, or lies in a Binary.

    https://hl7.org/fhir/R4/http.html#patch
    """
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if isinstance(resource, dict) and kind == "Parameters":
        return resource, "fhirpath-patch"
    if isinstance(resource, dict) and kind == "Binary":
        content_type = str(resource.get("contentType")).partition(";")[0].strip().lower()
        if content_type in _IN_BINARY:
            meant = _IN_BINARY[content_type]
            where = f"{place}.resource.data"
            data = _bytes(resource.get("data"), where)
            return data if meant == "xml-patch" else _json(data, where), meant
    raise Invalid(
        "an entry with PATCH needs a Parameters with a FHIRPath Patch, or a Binary with"
        f" contentType {' or '.join(_IN_BINARY)}",
        expression=f"{place}.resource",
    )


def _bytes(data: object, place: str) -> bytes:
    if not isinstance(data, str):
        raise Invalid("the patch is missing", expression=place)
    try:
        return b64decode("".join(data.split()), validate=True)
    except ValueError as error:
        raise Invalid("the data isn't base64", expression=place) from error


def _json(data: bytes, place: str) -> Any:
    try:
        return json.parse(data)
    except FhirError as error:
        raise type(error)(issues=[replace(i, expression=place) for i in error.issues]) from error
