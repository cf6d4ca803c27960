"""`%name`: what the environment gives an expression.

https://hl7.org/fhir/R4/fhirpath.html#variables
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import Invalid
from fhirserver.fhirpath import compiled
from fhirserver.fhirpath.compiled import ANYTHING, Compiled, Shape
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.nodes import EMPTY, Nodes, Typed, typed

SYSTEMS: Final = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}
PREFIXES: Final = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}
RESOURCE: Final = Shape(frozenset({"Resource"}), many=False)


def variable(name: str) -> Compiled:
    """The code of `%name`; a name that the environment doesn't know is found at run time."""
    if name in SYSTEMS:
        return compiled.constant([typed(SYSTEMS[name])])
    for prefix, base in PREFIXES.items():
        if name.startswith(prefix):
            return compiled.constant([typed(base + name.removeprefix(prefix))])
    match name:
        case "context":
            return Compiled(lambda _this, scope: [scope.context], ANYTHING)
        case "resource":
            return Compiled(lambda _this, scope: _of_resource(scope.resource), RESOURCE)
        case "rootResource":
            return Compiled(lambda _this, scope: _of_resource(scope.root_resource), RESOURCE)

    def run(_this: Nodes, scope: Scope) -> Nodes:
        if name not in scope.env.variables:
            raise Invalid(f"FHIRPath: no variable %{name}")
        return nodes_of(scope.env.variables[name])

    return Compiled(run, ANYTHING)


def is_reserved(name: str) -> bool:
    """Whether a name has a meaning of its own."""
    given = {"context", "resource", "rootResource", *SYSTEMS}
    return name in given or name.startswith(tuple(PREFIXES))


def defined(at: int) -> Compiled:
    """The code of a variable that defineVariable() defines."""

    def run(_this: Nodes, scope: Scope) -> Nodes:
        return EMPTY if scope.defined is None else scope.defined.get(at, EMPTY)

    return Compiled(run, ANYTHING)


def perhaps_defined(name: str) -> Compiled:
    """The same after a definition whose name is computed: it may be this one's."""
    given = variable(name).run

    def run(this: Nodes, scope: Scope) -> Nodes:
        if scope.defined is not None and name in scope.defined:
            return scope.defined[name]
        return given(this, scope)

    return Compiled(run, ANYTHING)


def nodes_of(value: Any) -> Nodes:
    """The collection for a Python value, a list of them, or `Typed`s.

    >>> nodes_of([1, ("code", "final", None)])
    [('System.Integer', 1, None), ('code', 'final', None)]
    """
    if value is None:
        return EMPTY
    if isinstance(value, list):
        return [node for item in value for node in nodes_of(item)]
    return [_node_of(value)]


def _node_of(value: Any) -> Typed:
    match value:
        case tuple():
            return value
        case bool() | int() | str() | Decimal():
            return typed(value)
        case float():
            return typed(Decimal(repr(value)))
        case {"resourceType": str(type_)}:
            return (type_, value, None)
    raise Invalid("FHIRPath: a variable's value has no type: give a Typed")


def _of_resource(resource: Mapping[str, Any] | None) -> Nodes:
    return EMPTY if resource is None else [(resource["resourceType"], resource, None)]
