"""Events of the audit trail as somebody is told of them whom they concern: a page of them.

Nobody is told the address of another's device, nor what the event says of others; the resource is
marked as a part of the event. https://hl7.org/fhir/R4/auditevent.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import most, page, position
from fhirserver.interactions.operation import Call
from fhirserver.interactions.rights import RECORD
from fhirserver.model import json
from fhirserver.model.bundle import search_entry
from fhirserver.model.resource import Resource
from fhirserver.search.parse import parse
from fhirserver.storage.search_sql.pages import Position, Wanted
from fhirserver.storage.searches import find_page
from fhirserver.storage.store import Store

SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_TECHNICAL: Final = frozenset({"network", "altId"})

Entities = Callable[[Resource], list[dict[str, Any]]]
"""The entities of an event that may be told."""


def told_events(
    ctx: Context,
    call: Call,
    store: Store,
    criteria: Sequence[tuple[str, str]],
    entities: Entities,
) -> FhirResponse:
    """A page of the events that meet the criteria, the latest first.

    `store` decides which of them the caller may be told of.
    """
    query = parse(RECORD, [*criteria, ("_sort", "-date")], parameters=ctx.parameters, site=ctx.site)
    limit = most(ctx, call)
    before = position(call)
    wanted = Wanted(limit)
    if before is not None and call.page is not None:
        wanted = Wanted(limit, Position(0, before), snapshot=call.page.snapshot)
    found = find_page(store, query, wanted)
    entries = [
        search_entry(
            f"{ctx.settings.fhir_base}/{RECORD}/{version.id}",
            _told(json.parse_object((version.content or "{}").encode()), entities),
        )
        for version in found.matches
    ]
    return page(
        ctx,
        call,
        entries,
        after=None if found.after is None else found.after.values,
        snapshot=found.snapshot,
    )


def plain_reference(entity: dict[str, Any]) -> str:
    """What an entity refers to, whatever its version; empty when it is no reference."""
    reference: str = entity.get("what", {}).get("reference", "")
    return reference.partition("/_history/")[0]


def _told(event: Resource, entities: Entities) -> Resource:
    told = {k: v for k, v in event.items() if k != "entity"}
    told["meta"] = {**event.get("meta", {}), "tag": [SUBSETTED]}
    told["agent"] = [
        {k: v for k, v in agent.items() if k not in _TECHNICAL} for agent in event["agent"]
    ]
    told["entity"] = entities(event)
    return told
