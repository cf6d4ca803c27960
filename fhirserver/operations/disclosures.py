"""Patient/$disclosures: who has seen or changed a patient's data, when, how, and what for.

The accounting of disclosures (45 CFR 164.528), for the patients themselves and for who may search
AuditEvents. What an event says of other patients is left out, so that everybody's answer to a
search that showed twenty people says only that oneself was among them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import most, page, position
from fhirserver.interactions.operating.care_dates import check_order
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.interactions.rights import RECORD
from fhirserver.model import json
from fhirserver.model.bundle import search_entry
from fhirserver.model.resource import Resource
from fhirserver.search.parse import parse
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.search_sql.pages import Position, Wanted
from fhirserver.storage.searches import find_page

SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_TECHNICAL: Final = frozenset({"network", "altId"})


@operation(
    "disclosures",
    definition=f"{OURS}/Patient-disclosures",
    levels=["instance"],
    types=["Patient"],
    parameters=[
        Parameter("start", "date"),
        Parameter("end", "date"),
        Parameter("_count", "integer"),
    ],
    is_paged=True,
)
def disclosures(ctx: Context, call: Call) -> FhirResponse:
    assert call.id is not None
    store = ctx.store
    if _is_the_patient(call):
        # Theirs is the right to all of it, whatever the policies say of AuditEvents.
        store = replace(store, guard=WHOLE)
    else:
        call.principal.require("s", RECORD)
    limit = most(ctx, call)
    query = parse(RECORD, _criteria(ctx, call), parameters=ctx.parameters, site=ctx.site)
    before = position(call)
    wanted = Wanted(limit)
    if before is not None and call.page is not None:
        wanted = Wanted(limit, Position(0, before), snapshot=call.page.snapshot)
    found = find_page(store, query, wanted)
    entries = [
        search_entry(
            f"{ctx.settings.fhir_base}/{RECORD}/{version.id}",
            _told(json.parse_object((version.content or "{}").encode()), call.id),
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


def _is_the_patient(call: Call) -> bool:
    user = call.principal.user
    return user is not None and user.fhir_user == f"Patient/{call.id}"


def _criteria(ctx: Context, call: Call) -> list[tuple[str, str]]:
    start, end = call.inputs.text("start"), call.inputs.text("end")
    check_order(start, end, ctx.site.zone)
    pairs = [("patient", f"Patient/{call.id}"), ("outcome", "0"), ("_sort", "-date")]
    pairs += [("date", f"ge{start}")] if start is not None else []
    pairs += [("date", f"le{end}")] if end is not None else []
    return pairs


def _told(event: Resource, patient: str) -> Resource:
    """An event as this patient is told of it: without other patients, queries and addresses."""
    own = f"Patient/{patient}"
    entities = [e for e in event.get("entity", ()) if "reference" in e.get("what", {})]
    patients = {_plain(e) for e in entities if _plain(e).startswith("Patient/")}
    if patients - {own}:
        # Of several patients' resources nobody can tell here whose they are.
        entities = [e for e in entities if _plain(e) == own]
    told = {k: v for k, v in event.items() if k != "entity"}
    told["meta"] = {**event.get("meta", {}), "tag": [SUBSETTED]}
    told["agent"] = [
        {k: v for k, v in agent.items() if k not in _TECHNICAL} for agent in event["agent"]
    ]
    told["entity"] = entities or [{"what": {"reference": own}}]
    return told


def _plain(entity: dict[str, Any]) -> str:
    reference: str = entity["what"]["reference"]
    return reference.partition("/_history/")[0]
