"""The entries of a Bundle that a part of the server has made itself, as intents at once.

What messages make is dozens of plain updates each, by a condition or by an id. A request of its own
for every one of them cost more than all the rest of planning.
https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from fhirserver.audit.trail import Trail
from fhirserver.errors import FhirError
from fhirserver.interactions.context import Context
from fhirserver.interactions.entries import Entry
from fhirserver.interactions.intents import Intent, changed, source_of, writer_of
from fhirserver.interactions.messages import FhirRequest, Hand
from fhirserver.interactions.rights import authorize
from fhirserver.interactions.routing import is_id
from fhirserver.model.resource import Resource

_OPTIONS: Final = frozenset({"method", "url"})


def updates(
    ctx: Context, request: FhirRequest, hand: Hand, listed: Sequence[Resource], trail: Trail | None
) -> tuple[list[Entry], list[Intent]] | None:
    """The entries and what they want, where all are plain updates; None where any isn't.

    Raises FhirError where the principal may not update what an entry is about.
    """
    parts = [_parts(ctx, entry) for entry in listed]
    plain = [p for p in parts if p is not None]
    if len(plain) < len(parts):
        return None
    requests: dict[str, FhirRequest] = {}
    blank = Intent(
        "update", "", writer=writer_of(request), source=source_of(request),
        is_unchecked=True, trail=trail, wants_content=request.prefer_return == "representation",
    )  # fmt: skip
    entries, intents = [], []
    for number, (resource_type, id_, criteria) in enumerate(plain):
        place = f"Bundle.entry[{number}].resource"
        asked = requests.get(resource_type)
        if asked is None:
            asked = requests[resource_type] = _request(request, resource_type, place)
        entry = listed[number]
        full_url = entry.get("fullUrl")
        url = full_url if isinstance(full_url, str) else None
        entries.append(Entry(number, url, asked))
        intents.append(
            changed(
                blank,
                type=resource_type,
                id=id_,
                criteria=criteria,
                resource=entry["resource"],
                full_url=url,
                place=place,
                is_mention=url in hand.mentions,
                combine=None if hand.combine is None else partial(hand.combine, url or ""),
            )
        )
    return entries, intents


def _parts(ctx: Context, entry: Resource) -> tuple[str, str | None, str | None] | None:
    """The type, and the id or the condition, of a plain update."""
    asked, resource = entry.get("request", {}), entry.get("resource")
    if not isinstance(resource, dict) or asked.get("method") != "PUT" or asked.keys() != _OPTIONS:
        return None
    address, is_conditional, criteria = asked["url"].partition("?")
    if is_conditional:
        name, id_ = address, None
    else:
        name, _, id_ = address.partition("/")
        if not is_id(id_) or resource.get("id") != id_:
            return None
    if resource.get("resourceType") != name or not ctx.definitions.is_resource(name):
        return None
    return (name, id_, None) if id_ is not None else (name, None, criteria)


def _request(request: FhirRequest, resource_type: str, place: str) -> FhirRequest:
    """What all updates of a type are asked for by: who asks, and how they are answered."""
    made = replace(
        request,
        interaction="update",
        type=resource_type,
        body=None,
        prefer_return=request.prefer_return or "minimal",
        place=place,
        is_checked=True,
    )
    try:
        authorize(made)
    except FhirError as error:
        raise error.inside(place) from error
    return made
