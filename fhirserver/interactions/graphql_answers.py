"""Answers in GraphQL's form: what a query selects, and what is wrong with it.

https://hl7.org/fhir/R4/graphql.html#errors, https://hl7.org/fhir/R4/graphql.html#operations
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.graph_reading import Reading
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
"""https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types"""
PARAMETER: Final = "_graphql"


def selected(
    ctx: Context,
    request: FhirRequest,
    text: str,
    *,
    operation_name: str | None = None,
    variables: Mapping[str, Any] | None = None,
    focus: tuple[str, Callable[[], Resource]] | None = None,
) -> FhirResponse:
    """What a query selects from the server, or from the resource in `focus`, with its type."""
    # 6 MB and 0.1 to 0.4 s, that a server without GraphQL doesn't need.
    from fhirserver.graphql.execution import Limits, Query, execute  # noqa: PLC0415

    settings = ctx.settings
    data = execute(
        Query(text, operation_name, variables or {}),
        ctx.parameters,
        Reading(ctx, request.principal),
        Limits(
            settings.graphql_max_depth, settings.graphql_max_cost, settings.search_timeout_seconds
        ),
        focus=focus,
        with_nulls=request.media_type == GRAPHQL_JSON,
    )
    return FhirResponse(200, b'{"data":' + data + b"}", media_type=request.media_type or JSON)


def refused(request: FhirRequest, error: FhirError) -> FhirResponse:
    """An error with an OperationOutcome for each of its issues."""
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


def without_selection(request: FhirRequest) -> FhirRequest:
    """A call of an operation without the query that selects from its answer."""
    kept = tuple(pair for pair in request.query if pair[0] != PARAMETER)
    return request if len(kept) == len(request.query) else replace(request, query=kept)


def selection_of(request: FhirRequest, *, affects_state: bool) -> str | None:
    """The query that selects from an operation's answer, if there is one."""
    texts = [value for name, value in request.query if name == PARAMETER]
    if not texts:
        return None
    if len(texts) > 1:
        raise Invalid(f"{PARAMETER} is given more than once")
    if affects_state:
        # It would have been done, and the answer could be that the query is wrong.
        raise Invalid(f"{PARAMETER} is for operations that change nothing")
    return texts[0]


def narrowed(ctx: Context, request: FhirRequest, response: FhirResponse, text: str) -> FhirResponse:
    """What a query selects from the resource that an operation answered with."""
    if response.status != 200 or response.content is None or response.media_type is not None:
        return response
    resource = json.parse_object(response.content, max_depth=2 * json.MAX_DEPTH)
    try:
        return selected(ctx, request, text, focus=(resource["resourceType"], lambda: resource))
    except FhirError as error:
        if request.place:
            raise
        return refused(request, error)
