"""`$fhirpath`: what an expression selects, for those who write and test expressions.

The parameters are those of FHIRPath Lab, which can use this server as one of its engines:
https://github.com/brianpos/fhirpath-lab/blob/develop/server-api.md
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.errors import FhirError, Invalid, NotSupported, TooCostly
from fhirserver.fhirpath import Typed, shown
from fhirserver.fhirpath.results import Results, expected, from_parameter
from fhirserver.interactions.checking import refuse
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import instance, read
from fhirserver.interactions.operation import ANY, OURS, Call, Parameter, operation
from fhirserver.model import json
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.validation import structure
from fhirserver.validation.node import tree

MOST_CONTEXTS: Final = 1_000
MOST_TRACES: Final = 1_000
MOST_RESOLVED: Final = 100
_NOBODY: Final[Resource] = {"resourceType": "Basic"}


@operation(
    "fhirpath",
    definition=f"{OURS}/fhirpath",
    levels=["system", "instance"],
    types=[ANY],
    parameters=[
        Parameter("expression", "string", min=1),
        Parameter("context", "string"),
        Parameter("resource", "*", is_whole=True),
        Parameter("variables", "*", max=None, is_whole=True),
        Parameter("validate", "boolean"),
        Parameter("terminologyserver", "string"),
    ],
)
def evaluate(ctx: Context, call: Call) -> FhirResponse:
    """What was evaluated, and a `result` for each item of the context."""
    resource = _resource(ctx, call)
    expression = str(call.inputs.one("expression"))
    running = _Running(ctx, call, resource if resource is not None else _NOBODY)
    results = [*running.results(expression)]
    described = parts("parameters", _described(call, expression, resource))
    return answered(parameters([described, *results]))


class _Running:
    """One call: its resource, its limits, and what its expressions may reach."""

    def __init__(self, ctx: Context, call: Call, resource: Resource) -> None:
        self._ctx = ctx
        self._call = call
        self._resource = resource
        self._deadline = time.monotonic() + ctx.settings.fhirpath_timeout_seconds
        self._traces: list[tuple[str, list[Typed]]] = []
        self._resolved: dict[str, Resource | None] = {}
        self._env = replace(
            ctx.validators.current().env(resource, self._resolve, self._deadline),
            variables=dict(_variables(call)),
            trace=self._trace,
            max_steps=ctx.settings.fhirpath_max_steps,
        )
        top = tree(resource)
        nodes = () if top is None else top.everything()
        self._paths = {id(n.value): n.path for n in nodes if isinstance(n.value, dict)}

    def results(self, expression: str) -> Iterator[Resource]:
        """A parameter for each item that the context selects, or one for the resource."""
        made = Results(self._paths)
        context = self._call.inputs.text("context")
        if not context:
            item = (self._resource["resourceType"], self._resource, None)
            yield parts("result", self._evaluated(expression, item, made))
            return
        items = self._run(context, (self._resource["resourceType"], self._resource, None))
        if len(items) > MOST_CONTEXTS:
            raise TooCostly(f"the context selects more than {MOST_CONTEXTS:,} items: narrow it")
        self._traces.clear()
        for number, item in enumerate(items):
            if time.monotonic() > self._deadline:
                raise TooCostly("FHIRPath: the expression takes too long")
            where = self._paths.get(id(item[1]), f"{context}[{number}]")
            found = self._evaluated(expression, item, made)
            yield {"name": "result", "valueString": where, "part": found}

    def _evaluated(self, expression: str, item: Typed, made: Results) -> list[Resource]:
        self._traces.clear()
        found = made.parts(self._run(expression, item))
        traces = [
            {"name": "trace", "valueString": name or "-", "part": made.parts(items)}
            for name, items in self._traces
        ]
        return [*found, *traces]

    def _run(self, expression: str, item: Typed) -> list[Typed]:
        type_, content, extra = item
        strict = self._call.inputs.is_true("validate")
        return fhirpath.compile(expression, type_, strict=strict)(content, self._env, extra)

    def _trace(self, name: str, items: Any) -> None:
        if len(self._traces) == MOST_TRACES:
            raise TooCostly(f"the expression calls trace() more than {MOST_TRACES:,} times")
        self._traces.append((name, list(items)))

    def _resolve(self, reference: str) -> Resource | None:
        """A resource of this server that the caller may read; else nothing."""
        if reference not in self._resolved:
            if len(self._resolved) == MOST_RESOLVED:
                raise TooCostly(f"resolve() of more than {MOST_RESOLVED} references")
            try:
                self._resolved[reference] = _stored(self._ctx, self._call, reference)
            except FhirError:
                self._resolved[reference] = None
        return self._resolved[reference]


def _resource(ctx: Context, call: Call) -> Resource | None:
    """The resource in the address, the one that was sent, or the stored one that is meant."""
    given = call.inputs.one("resource")
    if call.id is not None:
        if given is not None:
            raise Invalid("the resource is the one in the address: leave the parameter out")
        return instance(ctx, call)
    if given is None:
        return None
    if isinstance(given, str):
        return _stored(ctx, call, given)
    place = call.inputs.place("resource") or ""
    sent = _sent(given)
    if isinstance(sent, str):
        return _stored(ctx, call, sent)
    return _shaped(sent, f"{place}.resource")


def _shaped(sent: Any, place: str) -> Resource:
    """A resource of its right shape; its invariants may be what somebody wants to test."""
    try:
        refuse(structure.check(sent))
    except FhirError as error:
        raise error.inside(place) from error
    resource: Resource = sent
    return resource


def _sent(parameter: Mapping[str, Any]) -> Any:
    """The resource of a parameter, or the reference to it."""
    if "resource" in parameter:
        return parameter["resource"]
    item = from_parameter(parameter)
    found = None if item is None else item[1]
    if isinstance(found, dict):
        found = found.get("reference")
    if not isinstance(found, str):
        raise Invalid("the parameter resource needs a resource, or a reference to a stored one")
    return found


def _stored(ctx: Context, call: Call, reference: str) -> Resource:
    """A resource of this server, read with the caller's rights."""
    parsed = parse_reference(reference, ctx.settings.fhir_base)
    if parsed.type is None or parsed.id is None:
        raise Invalid("the resource must be a reference such as Patient/1")
    if not parsed.is_local:
        raise NotSupported("the resource is on another server: send the resource itself")
    return read(ctx, call.principal, parsed.type, parsed.id)


def _variables(call: Call) -> Iterator[tuple[str, list[Typed]]]:
    """The `%name`s: each part of `variables` is one, or another value of one."""
    found: dict[str, list[Typed]] = {}
    for number, given in enumerate(call.inputs.all("variables")):
        if isinstance(given, str):
            raise Invalid("variables can't be in an address: POST a Parameters resource")
        for each in given.get("part", ()):
            item = from_parameter(each)
            if item is not None and "resource" in each:
                _shaped(item[1], call.inputs.place("variables", number) or "")
            found.setdefault(each["name"], []).extend([] if item is None else [item])
    yield from found.items()


def _described(call: Call, expression: str, resource: Resource | None) -> Iterator[Resource | None]:
    """What was evaluated, and what is known of the expression before it is."""
    inputs = call.inputs
    type_ = "Basic" if resource is None else str(resource["resourceType"])
    yield value("evaluator", "string", f"fhirserver {version('fhirserver')} (R4)")
    yield value("expression", "string", expression)
    context = inputs.text("context")
    if context:
        yield value("context", "string", context)
    else:
        shape = fhirpath.shape_of(expression, type_)
        returned = expected(shape.types, many=shape.many)
        yield None if returned is None else value("expectedReturnType", "string", returned)
    drawn = json.dump(shown.tree(fhirpath.parse(expression))).decode()
    yield value("parseDebugTree", "string", drawn)
    if resource is not None:
        yield {"name": "resource", "resource": resource}
    yield from inputs.all("variables")
