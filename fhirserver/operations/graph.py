"""$graph: a resource and all that a GraphDefinition walks to from it.

https://hl7.org/fhir/R4/resource-operation-graph.html
"""

from __future__ import annotations

from fhirserver.errors import Invalid, NotSupported, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import page
from fhirserver.interactions.operating.graph_walking import GraphWalk
from fhirserver.interactions.operating.reading import instance, read
from fhirserver.interactions.operation import ANY, HL7, Call, Parameter, operation
from fhirserver.model.bundle import search_entry
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource


@operation(
    "graph",
    definition=f"{HL7}/Resource-graph",
    levels=["instance"],
    types=[ANY],
    parameters=[Parameter("graph", "uri", min=1)],
    right="r",
)
def graph(ctx: Context, call: Call) -> FhirResponse:
    definition = _definition(ctx, call)
    focus = instance(ctx, call)
    if definition["start"] != call.type:
        raise Unprocessable(
            f"the graph starts at {definition['start']}, not at {call.type}",
            expression="GraphDefinition.start",
        )
    found = GraphWalk(ctx, call.principal).resources(definition, focus)
    entries = [
        search_entry(
            f"{ctx.settings.fhir_base}/{r['resourceType']}/{r['id']}",
            r,
            "match" if r is focus else "include",
        )
        for r in found
    ]
    return page(ctx, call, entries, after=None, total=1)


def _definition(ctx: Context, call: Call) -> Resource:
    """The GraphDefinition with this canonical address, or this place on the server."""
    given = call.inputs.text("graph") or ""
    literal = parse_reference(given, ctx.settings.fhir_base)
    if literal.is_local and literal.type == "GraphDefinition" and literal.id is not None:
        return read(ctx, call.principal, "GraphDefinition", literal.id)
    if literal.is_local:
        raise Invalid("graph must be a GraphDefinition", expression=call.inputs.place("graph"))
    call.principal.require("r", "GraphDefinition")
    found = ctx.conformance.find("GraphDefinition", given)
    if found is None:
        raise NotSupported(
            "there is no GraphDefinition with this canonical address here: store it first",
            expression=call.inputs.place("graph"),
        )
    return found
