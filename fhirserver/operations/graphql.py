"""$graphql: what a GraphQL query selects from a resource, or from the whole server.

https://hl7.org/fhir/R4/graphql.html, https://hl7.org/fhir/R4/operation-resource-graphql.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid, NotUnderstood
from fhirserver.interactions.context import Context
from fhirserver.interactions.graph_reading import Reading
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operation import ANY, HL7, Call, Parameter, Wire, operation
from fhirserver.interactions.operation_reading import instance
from fhirserver.model import json
from fhirserver.model.outcome import outcome

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
"""https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types"""
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


def _refuse(request: FhirRequest, error: FhirError) -> FhirResponse:
    """https://hl7.org/fhir/R4/graphql.html#errors"""
    errors = []
    for issue in error.issues:
        told: dict[str, Any] = {"message": issue.text or issue.code}
        if issue.line is not None:
            told["locations"] = [{"line": issue.line, "column": issue.column}]
        told["extensions"] = {"resource": outcome([issue])}
        errors.append(told)
    return FhirResponse(
        error.status,
        json.dump({"data": None, "errors": errors}),
        headers=error.headers,
        media_type=request.media_type or JSON,
    )


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
    wire=Wire((JSON, GRAPHQL_JSON), ("application/graphql",), _read, _refuse),
)
def graphql(ctx: Context, call: Call) -> FhirResponse:
    # 6 MB and 0.1 to 0.4 s, that a server without GraphQL doesn't need.
    from fhirserver.graphql.execution import Limits, Query, execute  # noqa: PLC0415

    data = execute(
        Query(
            call.inputs.text("query") or "",
            call.inputs.text("operationName"),
            _variables(call.inputs.text("variables")),
        ),
        ctx.parameters,
        Reading(ctx, call.principal),
        Limits(
            ctx.settings.graphql_max_depth,
            ctx.settings.graphql_max_cost,
            ctx.settings.search_timeout_seconds,
        ),
        focus=None if call.type is None else (call.type, lambda: instance(ctx, call)),
        with_nulls=call.request.media_type == GRAPHQL_JSON,
    )
    return FhirResponse(200, b'{"data":' + data + b"}", media_type=call.request.media_type or JSON)


def _variables(text: str | None) -> Mapping[str, Any]:
    """Variables in an address are JSON."""
    if text is None:
        return {}
    try:
        return json.parse_object(text.encode())
    except NotUnderstood as error:
        raise Invalid("variables must be a JSON object") from error
