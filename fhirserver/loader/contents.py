"""What a document or a line wants stored: wishes, each with its digest and its place.

A transaction is one wish; every other Bundle is taken apart, and so are lines.
https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.batch import entries_of
from fhirserver.interactions.changes import INTENT
from fhirserver.interactions.checking import checked_resource
from fhirserver.interactions.context import Context
from fhirserver.interactions.entries import request_of
from fhirserver.interactions.intents import Intent, changed
from fhirserver.interactions.linking import Addresses, linked
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.transaction import plan
from fhirserver.model.resource import Resource

LOADER: Final = Principal("fhirserver load", scopes("system/*.cruds"))

_OPEN: Final = frozenset(
    {"collection", "document", "message", "searchset", "history"}
    | {"batch-response", "transaction-response"}
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One resource that is to be stored. `number` is that of its line, or of its entry.

    `source` is the number of its source in the piece. `make` tells what is wanted; it raises
    FhirError when that can't be, whatever is stored.
    """

    digest: bytes
    number: int
    type: str | None
    make: Callable[[], Intent]
    source: int = 0


def transaction(ctx: Context, body: Resource) -> list[Intent]:
    """What a transaction wants, to be carried out as a whole; raises FhirError."""
    return plan(ctx, _request(body), body).intents


def single(resource: object, digest: bytes, number: int) -> Wish:
    """A resource by itself: updated when it has an id, else created."""
    return Wish(digest, number, _type(resource), lambda: _intent(resource))


def entries(ctx: Context, body: Resource, digest: bytes) -> list[Wish]:
    """What the entries of a Bundle want that is not a transaction; raises FhirError."""
    if body.get("type") == "batch":
        return [
            Wish(
                _of_entry(digest, number),
                number,
                _type(entry.get("resource")),
                partial(_in_batch, ctx, body, number, entry),
            )
            for number, entry in enumerate(entries_of(body))
            if entry["request"]["method"] not in {"GET", "HEAD"}
        ]
    if body.get("type") not in _OPEN:
        raise Invalid("the Bundle has no type that FHIR R4 knows", expression="Bundle.type")
    return _collected(body, digest)


def _in_batch(ctx: Context, body: Resource, number: int, entry: Resource) -> Intent:
    made = request_of(ctx, _request(body), entry, number, is_checked=False).request
    try:
        return INTENT[made.interaction](made)
    except FhirError as error:
        raise error.inside(made.place) from error


def _collected(body: Resource, digest: bytes) -> list[Wish]:
    found = body.get("entry", [])
    if not isinstance(found, list) or not all(isinstance(e, dict) for e in found):
        raise Invalid("a Bundle's entries are a list of objects", expression="Bundle.entry")
    numbered = [(n, _with_id(e)) for n, e in enumerate(found) if _is_content(e)]
    if body["type"] == "history":
        numbered = list(_newest(numbered))
    known = {
        e["fullUrl"]: f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for _, e in numbered
        if isinstance(e.get("fullUrl"), str) and _type(e["resource"]) and "id" in e["resource"]
    }
    return [
        Wish(_of_entry(digest, n), n, _type(e["resource"]), partial(_in_collection, n, e, known))
        for n, e in numbered
    ]


def _in_collection(number: int, entry: Resource, known: Addresses) -> Intent:
    place = f"Bundle.entry[{number}].resource"
    resource = entry["resource"]
    try:
        if isinstance(resource, dict):
            resource = linked(resource, entry.get("fullUrl"), known)
        return changed(_intent(resource), place=place)
    except FhirError as error:
        raise error.inside(place) from error


def _is_content(entry: Resource) -> bool:
    search = entry.get("search")
    is_outcome = isinstance(search, dict) and search.get("mode") == "outcome"
    return "resource" in entry and not is_outcome


def _newest(numbered: Iterable[tuple[int, Resource]]) -> Iterator[tuple[int, Resource]]:
    """The first of the versions of each resource: a history has the newest first."""
    seen: set[tuple[object, str]] = set()
    for number, entry in numbered:
        resource = entry["resource"]
        if _type(resource) is None or "id" not in resource:
            yield number, entry
        elif (key := (_type(resource), str(resource["id"]))) not in seen:
            seen.add(key)
            yield number, entry


def _with_id(entry: Resource) -> Resource:
    """The entry, its resource with an id: others in the Bundle may refer to it.

    It is made from the fullUrl, so that a load that goes on later makes no other one.
    """
    resource, full_url = entry["resource"], entry.get("fullUrl")
    if _type(resource) is None or "id" in resource or not isinstance(full_url, str):
        return entry
    try:
        made = uuid.UUID(full_url.removeprefix("urn:uuid:"))
    except ValueError:
        made = uuid.uuid5(uuid.NAMESPACE_URL, full_url)
    return {**entry, "resource": {**resource, "id": str(made)}}


def _request(body: Resource) -> FhirRequest:
    return FhirRequest("bundle", LOADER, body=body)


def _intent(resource: object) -> Intent:
    checked = checked_resource(resource, None)
    if "id" in checked:
        return Intent("update", checked["resourceType"], id=checked["id"], resource=checked)
    return Intent("create", checked["resourceType"], resource=checked)


def _type(resource: object) -> str | None:
    found = resource.get("resourceType") if isinstance(resource, dict) else None
    return found if isinstance(found, str) else None


def _of_entry(digest: bytes, number: int) -> bytes:
    return sha256(b"%b entry %d" % (digest, number)).digest()
