"""Patient/$disclosures: who has seen or changed a patient's data, when, how, and what for.

The accounting of disclosures (45 CFR 164.528), for the patients themselves and for who may search
AuditEvents. What an event says of other patients is left out, so that everybody's answer to a
search that showed twenty people says only that oneself was among them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.care_dates import check_order
from fhirserver.interactions.operating.told_events import plain_reference, told_events
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.interactions.rights import RECORD
from fhirserver.model.resource import Resource
from fhirserver.storage.guard import WHOLE


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
    own = f"Patient/{call.id}"
    return told_events(ctx, call, store, _criteria(ctx, call), lambda event: _own(event, own))


def _is_the_patient(call: Call) -> bool:
    user = call.principal.user
    return user is not None and user.fhir_user == f"Patient/{call.id}"


def _criteria(ctx: Context, call: Call) -> list[tuple[str, str]]:
    start, end = call.inputs.text("start"), call.inputs.text("end")
    check_order(start, end, ctx.site.zone)
    pairs = [("patient", f"Patient/{call.id}"), ("outcome", "0")]
    pairs += [("date", f"ge{start}")] if start is not None else []
    pairs += [("date", f"le{end}")] if end is not None else []
    return pairs


def _own(event: Resource, own: str) -> list[dict[str, Any]]:
    """What this patient is told of: without other patients and queries."""
    entities = [e for e in event.get("entity", ()) if "reference" in e.get("what", {})]
    patients = {p for e in entities if (p := plain_reference(e)).startswith("Patient/")}
    if patients - {own}:
        # Of several patients' resources nobody can tell here whose they are.
        entities = [e for e in entities if plain_reference(e) == own]
    return entities or [{"what": {"reference": own}}]
