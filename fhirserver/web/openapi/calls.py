"""The addresses of operations, with the parameters that their definitions describe.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from fhirserver.interactions.context import Context
from fhirserver.interactions.operation import (
    ANY,
    Level,
    Operation,
    Parameter,
    is_resource_type,
    on_system,
    operations,
    resource_parameter,
)
from fhirserver.interactions.shipped import address
from fhirserver.model.resource import Resource
from fhirserver.web.negotiation import FHIR_JSON, FHIR_XML
from fhirserver.web.openapi.parts import Part, answers, content, shown
from fhirserver.web.openapi.resources import Paths
from fhirserver.web.openapi.schemas import reference

_SIMPLE: Final[dict[str, Part]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "positiveInt": {"type": "integer", "minimum": 1},
    "unsignedInt": {"type": "integer", "minimum": 0},
    "decimal": {"type": "number"},
}


def calls(ctx: Context, types: Sequence[str], *, everywhere: bool) -> Paths:
    """The addresses of the operations of some types, of any type, and, if wanted, of the system."""
    found: Paths = {}
    for made in _operations(types):
        for name in [ANY] if ANY in made.types else [t for t in types if t in made.types]:
            for level in ("type", "instance"):
                if level in made.levels:
                    found |= _address(ctx, made, name, level, types)
    if everywhere:
        for made in on_system():
            found |= _address(ctx, made, None, "system", types)
    return found


def outputs(ctx: Context, types: Sequence[str]) -> set[str]:
    """The resource types that operations answer with, and take as a whole."""
    found = set()
    for made in (*_operations(types), *on_system()):
        found.add(_output(_definition(ctx, made)))
        whole = resource_parameter(made)
        if whole is not None:
            found.add(whole.type)
    return found


def _operations(types: Iterable[str]) -> list[Operation]:
    """Each operation that some of the types have, once."""
    wanted = {ANY, *types}
    found = {id(o): o for o in operations.values() if wanted & set(o.types)}
    return sorted(found.values(), key=lambda o: (o.name, o.types))


def _definition(ctx: Context, made: Operation) -> Resource:
    return ctx.conformance.find("OperationDefinition", made.definition) or {}


def _output(definition: Resource) -> str:
    """The type of what is answered: the only output if it is a resource, else Parameters."""
    out = [p for p in definition.get("parameter", ()) if p.get("use") == "out"]
    if (
        len(out) == 1
        and out[0].get("name") in {"return", "result"}  # R4 names that of $graph otherwise
        and is_resource_type(out[0].get("type", ""))
    ):
        return "Resource" if out[0]["type"] == "Any" else str(out[0]["type"])
    return "Parameters"


def _answers(made: Operation, definition: Resource) -> Part:
    """What comes back; of an operation that speaks another language than FHIR, also in that.

    Who isn't let in, or asks too much, is told so before the operation begins: in FHIR.
    """
    if made.wire is None:
        return answers(_output(definition))
    told = {name: {"schema": {"type": "object"}} for name in made.wire.media_types}
    return {
        "200": {"description": definition.get("title", made.name), "content": told},
        "default": {
            "description": "What went wrong.",
            "content": told | content("OperationOutcome"),
        },
    }


def _address(
    ctx: Context, made: Operation, name: str | None, level: Level, types: Sequence[str]
) -> Paths:
    definition = _definition(ctx, made)
    described = {
        p["name"]: p.get("documentation", "")
        for p in definition.get("parameter", ())
        if p.get("use") == "in" and "name" in p
    }
    path = {"system": "", "type": "/{type}", "instance": "/{type}/{id}"}[level]
    above = [shown("id")] if level == "instance" else []
    if name == ANY:
        several = {"name": "type", "in": "path", "required": True, "schema": {"enum": list(types)}}
        above = [several, *above]
    elif name is not None:
        path = path.replace("{type}", name)
    item: Part = {"parameters": above} if above else {}
    declared = {p.name for p in made.parameters}
    general = [shown(n) for n in ("_format", "_pretty", "Prefer") if n not in declared]
    common: Part = {
        "tags": [name if name not in {None, ANY} else "any type" if name == ANY else "system"],
        "summary": f"${made.name}: {definition.get('title', made.name)}",
        "externalDocs": {"url": address(ctx, made.definition)},
        "responses": _answers(made, definition),
    }
    if definition.get("description"):
        common["description"] = definition["description"]
    called = (
        f"{'any' if name == ANY else name or 'system'}_{re.sub('[^A-Za-z0-9]', '_', made.name)}"
    )
    simple = [p for p in made.parameters if _schema(p) is not None]
    if not made.affects_state and all(p in simple or p.min == 0 for p in made.parameters):
        item["get"] = {
            **common,
            "operationId": f"{called}_{level}_get",
            "parameters": [*(_in_address(p, described) for p in simple), *general],
        }
    item["post"] = {
        **common,
        "operationId": f"{called}_{level}_post",
        "parameters": general,
        "requestBody": _body(made, described),
    }
    return {f"{path}/${made.name}": item}


def _schema(parameter: Parameter) -> Part | None:
    """What a value in an address looks like; None for one that can't be there."""
    if parameter.parts or parameter.type == ANY:
        return None
    if parameter.type in {"Coding", "Reference"}:
        return {"type": "string"}
    if parameter.type[:1].isupper():
        return None
    return _SIMPLE.get(parameter.type, {"type": "string"})


def _in_address(parameter: Parameter, described: dict[str, str]) -> Part:
    schema: Any = _schema(parameter)
    if parameter.max != 1:
        schema = {"type": "array", "items": schema}
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.min > 0,
        "description": described.get(parameter.name) or parameter.type,
        "schema": schema,
    }


def _body(made: Operation, described: dict[str, str]) -> Part:
    """A Parameters resource, or the only resource that it could hold."""
    lines = [
        f"- `{p.name}` ({p.type if not p.parts else 'parts'}, {p.min}..{p.max or '*'}) "
        + described.get(p.name, "").split("\n")[0].strip()
        for p in made.parameters
    ]
    whole = resource_parameter(made)
    body: Part = {"content": content("Parameters")}
    if whole is not None:
        either = {"anyOf": [reference("Parameters"), reference(whole.type)]}
        body["content"] = {FHIR_JSON: {"schema": either}, FHIR_XML: body["content"][FHIR_XML]}
    if made.wire is not None:
        body["content"]["application/json"] = {"schema": {"type": "object"}}
        body["content"] |= {t: {"schema": {"type": "string"}} for t in made.wire.text_types}
    if lines:
        body["description"] = "\n".join(["A Parameters resource with", *lines])
    return body
