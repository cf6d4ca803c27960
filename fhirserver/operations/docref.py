"""DocumentReference/$docref of US Core: the documents of a patient, by type and time of care.

http://hl7.org/fhir/us/core/OperationDefinition/docref
"""

from __future__ import annotations

from fhirserver.errors import Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import page, position
from fhirserver.interactions.operating.care_dates import check_order, in_care
from fhirserver.interactions.operation import Call, Parameter, operation
from fhirserver.interactions.search import entry
from fhirserver.model.outcome import outcome
from fhirserver.search.escaping import escape
from fhirserver.search.parse import parse
from fhirserver.search.query import And
from fhirserver.search.scope import Scope
from fhirserver.storage.walks import Place, walk

_TYPE = "DocumentReference"


@operation(
    "docref",
    definition="http://hl7.org/fhir/us/core/OperationDefinition/docref",
    levels=["type"],
    types=[_TYPE],
    parameters=[
        Parameter("patient", "id", min=1),
        Parameter("start", "dateTime"),
        Parameter("end", "dateTime"),
        Parameter("type", "Coding", max=None),
        Parameter("on-demand", "boolean"),
        Parameter("profile", "canonical", max=None),
    ],
    right="s",
    is_paged=True,
)
def docref(ctx: Context, call: Call) -> FhirResponse:
    """Current documents that are stored; of any of the types, in any of the formats."""
    if call.inputs.is_true("on-demand"):
        note = Issue("information", "informational", "this server makes no documents on demand")
        entries = [{"resource": outcome([note]), "search": {"mode": "outcome"}}]
        return page(ctx, call, entries, after=None, total=0)
    pairs = [("patient", call.inputs.one("patient")), ("status", "current")]
    types = [_token(c.get("system"), c["code"]) for c in call.inputs.all("type") if "code" in c]
    if types:
        pairs.append(("type", ",".join(types)))
    formats = [escape(p) for p in call.inputs.all("profile")]
    if formats:
        pairs.append(("format", ",".join(formats)))
    query = parse(_TYPE, pairs, parameters=ctx.parameters, site=ctx.site)
    start, end = call.inputs.text("start"), call.inputs.text("end")
    check_order(start, end, ctx.site.zone)
    dates = in_care(_TYPE, start, end, Scope(ctx.parameters, ctx.site))
    condition = query.condition if dates is None else And((query.condition, dates))
    before = position(call)
    limit = ctx.settings.max_count
    found = walk(
        ctx.store,
        {_TYPE: condition},
        after=None if before is None else Place(*before),
        limit=limit + 1,
    )
    shown = found[:limit]
    more = len(found) > limit
    return page(
        ctx,
        call,
        [entry(ctx, v, query, "match") for v in shown],
        after=(_TYPE, shown[-1].key) if more else None,
        total=len(shown) if before is None and not more else None,
    )


def _token(system: str | None, code: str) -> str:
    return f"{escape(system)}|{escape(code)}" if system else escape(code)
