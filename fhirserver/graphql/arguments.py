"""The arguments of fields and directives: as values, checked by what the field is.

https://hl7.org/fhir/R4/graphql.html#arguments, https://hl7.org/fhir/R4/graphql.html#searching
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from graphql.language import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    Node,
    NullValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from fhirserver import fhirpath
from fhirserver.errors import FhirError
from fhirserver.fhirpath import Evaluate
from fhirserver.graphql.fields import Definition, Directives, Kind, Place
from fhirserver.graphql.mistakes import short, wrong
from fhirserver.model import json
from fhirserver.model.definitions import Definitions
from fhirserver.search.parameters import Parameters

INDEX: Final = "$index"
OF_RESULTS: Final = frozenset({"_count", "_sort"})
"""What a search takes besides search parameters."""
ID: Final = ("id", "_id")
CURSOR: Final = ("_cursor", "cursor")

Values = Mapping[str, Any]


def values(nodes: Iterable[ArgumentNode] | None, variables: Values) -> dict[str, Any]:
    """Arguments by name: texts, numbers, booleans, lists of them; without those that are null."""
    found: dict[str, Any] = {}
    for node in nodes or ():
        name = node.name.value
        if name in found:
            raise wrong(f"the argument {short(name)} is given twice", node)
        value = _value(node.value, variables)
        if value is not None:
            found[name] = value
    return found


def _value(node: ValueNode, variables: Values) -> Any:
    match node:
        case VariableNode():
            if node.name.value not in variables:
                raise wrong(f"the variable ${node.name.value} isn't declared", node)
            return variables[node.name.value]
        case ListValueNode():
            return [_value(v, variables) for v in node.values]
        case StringValueNode() | EnumValueNode():
            return node.value
        case BooleanValueNode():
            return node.value
        case IntValueNode() | FloatValueNode():
            return json.number(node.value)
        case NullValueNode():
            return None
        case _:
            raise wrong("an argument is a simple value or a list of them", node)


def text(value: Any, node: Node) -> str:
    """A simple value as a search or a resource has it.

    >>> text(True, None)
    'true'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        raise wrong("an argument is a simple value or a list of them", node)
    return str(value)


def whole(value: Any, name: str, node: Node, *, least: int) -> int:
    """A number of things."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise wrong(f"{name} must be a whole number, {least} or more", node)
    return value


def is_included(nodes: Sequence[DirectiveNode], variables: Values) -> bool:
    """What @skip and @include say. https://spec.graphql.org/October2021/#sec--skip"""
    for node in nodes:
        name = node.name.value
        if name in {"skip", "include"}:
            condition = values(node.arguments, variables)
            if set(condition) != {"if"} or not isinstance(condition["if"], bool):
                raise wrong(f"@{name} needs if: true or false", node)
            if condition["if"] == (name == "skip"):
                return False
    return True


def directives(nodes: Sequence[DirectiveNode], variables: Values) -> Directives:
    """What a field's other directives say; raises Invalid for one that there isn't."""
    found: dict[str, Any] = {}
    for node in nodes:
        name = node.name.value
        given = values(node.arguments, variables)
        if name in {"skip", "include"}:
            continue
        if name in {"flatten", "first", "singleton"} and not given:
            found[name] = True
        elif name == "slice" and len(given) == 1 and set(given) <= {"path", "fhirpath"}:
            found[name] = text(next(iter(given.values())), node)
        elif name == "slice":
            raise wrong("@slice needs a path", node)
        elif name in {"flatten", "first", "singleton"}:
            raise wrong(f"@{name} takes no arguments", node)
        else:
            raise wrong(f"there is no directive @{name[:60]}", node)
    return Directives(**found)


def only_inclusion(nodes: Sequence[DirectiveNode]) -> None:
    """Refuse what can't stand at a fragment."""
    for node in nodes:
        if node.name.value not in {"skip", "include"}:
            raise wrong(f"@{node.name.value[:60]} is for fields, not for fragments", node)


def check(
    node: FieldNode,
    given: Values,
    found: Definition,
    place: Place,
    parameters: Parameters,
) -> None:
    """Refuse arguments that a field doesn't take."""
    definitions = parameters.definitions
    match found.kind:
        case Kind.RESOLVED:
            _check_resolved(node, given, definitions)
        case Kind.READ:
            if len(given) != 1 or next(iter(given)) not in ID:
                raise wrong(f"{node.name.value} needs an id, and nothing else", node)
        case Kind.LIST | Kind.CONNECTION:
            _check_search(node, given, found, parameters, is_root=place.path == "Query")
        case Kind.ELEMENT if found.of is not None:
            _check_element(node, given, found.of, definitions)
        case _:
            if given:
                raise wrong(f"{short(node.name.value)} takes no arguments", node)


def _check_resolved(node: FieldNode, given: Values, definitions: Definitions) -> None:
    for name, value in given.items():
        if name == "optional" and isinstance(value, bool):
            continue
        if name == "type" and isinstance(value, str) and definitions.is_resource(value):
            continue
        raise wrong(
            "resource takes optional, true or false, and type, the name of a resource type", node
        )


def _check_search(
    node: FieldNode, given: Values, found: Definition, parameters: Parameters, *, is_root: bool
) -> None:
    assert found.of is not None
    resource_type = found.of.targets[0] if found.kind is Kind.CONNECTION else found.of.path
    known = parameters.for_type(resource_type)
    names = set(given)
    if names & set(CURSOR) and found.kind is Kind.CONNECTION:
        if not is_root:
            raise wrong("a cursor is for a query of its own, at the root", node)
        if len(names) > 1:
            raise wrong("a cursor knows its search: it takes no other arguments", node)
        return
    if not is_root:
        code = parameter_of(text(given.get("_reference", ""), node), known)
        if code is None or known[code].type != "reference":
            raise wrong(
                f"{node.name.value} needs _reference here: which search parameter of "
                f"{resource_type} refers to this resource",
                node,
            )
        names.discard("_reference")
    for name in sorted(names - OF_RESULTS - {"fhirpath"}):
        if parameter_of(name, known) is None:
            raise wrong(f"{resource_type} has no search parameter {short(name)}", node)


def _check_element(node: FieldNode, given: Values, of: Place, definitions: Definitions) -> None:
    for name, value in given.items():
        if name in {"_count", "_offset"}:
            whole(value, name, node, least=0)
        elif name != "fhirpath":
            part = definitions.property(of.path, name) if of.path != "Resource" else None
            if part is None or part.type_code not in definitions.primitives:
                raise wrong(
                    f"{short(node.name.value)} can't be chosen by {short(name)}: only by fhirpath, "
                    "_count, _offset, and by simple elements inside it",
                    node,
                )


def parameter_of(argument: str, known: Mapping[str, Any]) -> str | None:
    """The search parameter that an argument means: GraphQL has no `-` in names."""
    code = argument if argument.startswith("_") else argument.replace("_", "-")
    return code if code in known else None


def pairs(given: Values, known: Mapping[str, Any], node: FieldNode) -> list[tuple[str, str]]:
    """The arguments of a search as the parameters of its address.

    Values in a list are alternatives; a comma in a value is a part of it.
    """
    made = []
    for name, value in given.items():
        if name in {"fhirpath", "_reference"}:
            continue
        code = name if name in OF_RESULTS else parameter_of(name, known)
        assert code is not None
        several = [text(v, node) for v in (value if isinstance(value, list) else [value])]
        if code not in {"_filter", *OF_RESULTS}:
            several = [v.replace(",", r"\,") for v in several]
        made.append((code, ",".join(several)))
    return made


def compiled(expression: Any, path: str, node: Node) -> Evaluate:
    """A FHIRPath expression about objects of a type."""
    if not isinstance(expression, str):
        raise wrong("fhirpath needs a text", node)
    try:
        return fhirpath.compile(expression, path)
    except FhirError as error:
        raise wrong(f"fhirpath: {error}", node) from error
