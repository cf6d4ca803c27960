"""$graphql: what a GraphQL query selects from a resource, or from the whole server.

https://hl7.org/fhir/R4/graphql.html, https://hl7.org/fhir/R4/operation-resource-graphql.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fhirserver.errors import Invalid, NotUnderstood
from fhirserver.interactions.context import Context
from fhirserver.interactions.graphql_answers import GRAPHQL_JSON, JSON, refused, selected
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import ANY, HL7, Call, Parameter, Wire, operation
from fhirserver.model import json

_FIELDS: Final = frozenset({"query", "operationName", "variables", "extensions"})


def _read(request: FhirRequest) -> FhirRequest:
    """GraphQL's own forms of a call as FHIR's parameters.

    https://graphql.org/learn/serving-over-http/
    """
    body = request.body
    if isinstance(body, str):
        return replace(request, query=(*request.query, ("query", body)), body=None)
    if not isinstance(body, dict) or "resourceType" in body:
        return request
    for name in body:
        if name not in _FIELDS:
            raise Invalid("the body has query, operationName and variables")
    given = {k: v for k, v in body.items() if v is not None and k != "extensions"}
    for name in ("query", "operationName"):
        if not isinstance(given.get(name, ""), str):
            raise Invalid(f"{name} must be a string")
    if not isinstance(given.get("variables", {}), dict):
        raise Invalid("variables must be an object")
    if "variables" in given:
        given["variables"] = json.dump(given["variables"]).decode()
    return replace(request, query=(*request.query, *given.items()), body=None)


@operation(
    "graphql",
    definition=f"{HL7}/Resource-graphql",
    levels=["system", "instance"],
    types=[ANY],
    parameters=[
        Parameter("query", min=1),
        Parameter("operationName"),
        Parameter("variables"),
    ],
    wire=Wire((JSON, GRAPHQL_JSON), ("application/graphql",), _read, refused),
)
def graphql(ctx: Context, call: Call) -> FhirResponse:
    return selected(
        ctx,
        call.request,
        call.inputs.text("query") or "",
        operation_name=call.inputs.text("operationName"),
        variables=_variables(call.inputs.text("variables")),
        focus=None if call.type is None else (call.type, lambda: instance(ctx, call)),
    )


def _variables(text: str | None) -> Mapping[str, Any]:
    """Variables in an address are JSON."""
    if text is None:
        return {}
    try:
        return json.parse_object(text.encode())
    except NotUnderstood as error:
        raise Invalid("variables must be a JSON object") from error
