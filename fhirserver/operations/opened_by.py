"""DocumentReference/$opened-by: who has seen a document, for whom shared it with others.

Whoever lets colleagues see a document can see what came of it, also when the time is over. What an
event says of other resources is left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fhirserver.access.compile import Granted
from fhirserver.access.sharing import CATEGORIES, CATEGORY
from fhirserver.errors import NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.told_events import plain_reference, told_events
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.parse import parse
from fhirserver.search.types.reference import local
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.search_sql.pages import Wanted
from fhirserver.storage.searches import find_page

_SEEING: Final = "R,E"
"""Reading it, or finding it in a list or a report. https://hl7.org/fhir/R4/valueset-audit-event-action.html"""
_MOST_SHARES: Final = 1_000


@operation(
    "opened-by",
    definition=f"{OURS}/DocumentReference-opened-by",
    levels=["instance"],
    types=["DocumentReference"],
    parameters=[Parameter("_count", "integer")],
    is_paged=True,
)
def opened_by(ctx: Context, call: Call) -> FhirResponse:
    assert call.id is not None
    # Who shared a document may know this, whatever the policies say of AuditEvents.
    store = replace(ctx.store, guard=WHOLE)
    about = _shared_by_caller(ctx, call)
    pairs = [
        ("entity", ",".join(sorted(about))),
        ("action", _SEEING),
        ("outcome", "0"),
    ]
    return told_events(ctx, call, store, pairs, lambda event: _of_it(event, about))


def _shared_by_caller(ctx: Context, call: Call) -> frozenset[str]:
    """The document and the files that the caller shared with it.

    Raises NotFound when they shared none of that, whether or not the document is there.
    """
    guard, document = ctx.store.guard, f"DocumentReference/{call.id}"
    me = guard.caller.actor.me if isinstance(guard, Granted) else ()
    shares = []
    if me:
        pairs = [
            ("category", f"{CATEGORIES}|{CATEGORY}"),
            ("consentor", ",".join(me)),
            ("data", document),
        ]
        query = parse("Consent", pairs, parameters=ctx.parameters, site=ctx.site)
        store = replace(ctx.store, guard=WHOLE)
        shares = list(find_page(store, query, Wanted(_MOST_SHARES)).matches)
    if not shares:
        raise NotFound(f"you have shared no {document}")
    named = [
        local((data.get("reference") or {}).get("reference") or "", ctx.site)
        for version in shares
        for data in json.parse_object((version.content or "{}").encode())
        .get("provision", {})
        .get("data", ())
    ]
    files = {"/".join(n) for n in named if n and n[0] == "Binary"}
    return frozenset({document, *files})


def _of_it(event: Resource, about: frozenset[str]) -> list[dict[str, Any]]:
    """Nothing but the document, and no queries."""
    return [
        {k: v for k, v in entity.items() if k in ("what", "type", "role")}
        for entity in event.get("entity", ())
        if plain_reference(entity) in about
    ]
