"""Subscription/$status: how subscriptions stand.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-status.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import instance, search
from fhirserver.interactions.operating.subscription_standing import standing
from fhirserver.interactions.operation import Call, Parameter, operation
from fhirserver.model.bundle import bundle, search_entry
from fhirserver.notifications.bundles import status_of

MOST = 1000


@operation(
    "status",
    definition="http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/"
    "backport-subscription-status",
    levels=["type", "instance"],
    types=["Subscription"],
    parameters=[Parameter("id", "id", max=None), Parameter("status", "code", max=None)],
)
def status(ctx: Context, call: Call) -> FhirResponse:
    """One entry for each subscription that the caller may read."""
    if call.id is not None:
        found = [instance(ctx, call)]
    else:
        pairs = [("_count", str(MOST)), ("_total", "accurate")]
        for name, parameter in (("id", "_id"), ("status", "status")):
            if name in call.inputs:
                pairs.append((parameter, ",".join(map(str, call.inputs.all(name)))))
        page = search(ctx, call.principal, "Subscription", pairs)
        found = [e["resource"] for e in page.get("entry", ())]
    base = ctx.settings.fhir_base
    entries = [
        search_entry(
            f"{base}/Subscription/{s['id']}/$status",
            {"id": s["id"], **status_of(base, standing(ctx, call.principal, s), "query-status")},
        )
        for s in found
    ]
    return answered(bundle("searchset", entries, total=len(entries)))
