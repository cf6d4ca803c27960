"""FHIR operations: `$name` on the system, a type or an instance.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from dataclasses import replace

from fhirserver.errors import FhirError, MethodNotAllowed, NotFound, NotUnderstood
from fhirserver.interactions.context import Context
from fhirserver.interactions.graphql_answers import narrowed, selection_of, without_selection
from fhirserver.interactions.inputs import inputs_of
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operation import Call, Level, Operation, called
from fhirserver.interactions.page_links import opened


@interactions.register("operation")
def operate(ctx: Context, request: FhirRequest) -> FhirResponse:
    made, level = _found(request)
    if made.wire is None:
        text = selection_of(request, affects_state=made.affects_state)
        answer = _carried_out(ctx, without_selection(request), made, level)
        return answer if text is None else narrowed(ctx, request, answer, text)
    refuse = made.wire.refuse
    if request.place or refuse is None:
        # In a transaction an error is everybody's.
        return _carried_out(ctx, request, made, level)
    try:
        return _carried_out(ctx, request, made, level)
    except FhirError as error:
        return refuse(request, error)


def _carried_out(ctx: Context, request: FhirRequest, made: Operation, level: Level) -> FhirResponse:
    if made.affects_state and not request.is_post:
        raise MethodNotAllowed(
            f"${made.name} changes something: it takes POST", headers={"Allow": "POST"}
        )
    if made.right is not None:
        request.principal.require(made.right, request.type)
    if request.source is not None and request.source.issues and not made.takes_flawed:
        raise NotUnderstood(issues=request.source.issues)
    if made.wire is not None and made.wire.read is not None:
        request = made.wire.read(request)
    page = opened(ctx, request) if made.is_paged else None
    if page is not None:
        request = replace(request, query=page.query, body=None)
    inputs, others = inputs_of(made, request)
    return made.act(ctx, Call(request, level, inputs, others, page))


def _found(request: FhirRequest) -> tuple[Operation, Level]:
    name = request.operation or ""
    level: Level = (
        "system" if request.type is None else "type" if request.id is None else "instance"
    )
    made = called(request.type, name)
    if made is not None and level in made.levels:
        return made, level
    where = request.type or "the system"
    raise NotFound(
        f"there is no operation '${name[:64]}' on {where}"
        + (f" at {level} level" if made is not None else "")
        + "; the CapabilityStatement lists those there are"
    )
