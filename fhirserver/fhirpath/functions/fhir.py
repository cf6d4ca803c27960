"""The functions that FHIR adds: extension, hasValue, getValue, resolve, memberOf ...

https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.errors import Invalid, NotSupported
from fhirserver.fhirpath import references, schema
from fhirserver.fhirpath.compiled import ANYTHING, Compiled, Shape, one
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, form, function
from fhirserver.fhirpath.nodes import EMPTY, Nodes, Typed, typed

EXTENSIONS: Final = Shape(frozenset({"Extension"}))


def _extensions(items: Nodes) -> list[dict[str, Any]]:
    """Every extension of the items; a primitive has its own in the third slot."""
    found: list[dict[str, Any]] = []
    for type_, value, extra in items:
        owner = extra if schema.is_primitive(type_) else value
        if isinstance(owner, dict):
            found += owner.get("extension", ())
    return found


@function("extension", lambda _call: EXTENSIONS)
def extension(items: Nodes, url: str) -> Nodes:
    return [("Extension", e, None) for e in _extensions(items) if e.get("url") == url]


@function("hasExtension")
def has_extension(items: Nodes, url: str) -> bool:
    """Not in the specification, but R4's search parameter `item-subject` uses it."""
    return any(e.get("url") == url for e in _extensions(items))


@function("hasValue")
def has_value(items: Nodes) -> bool:
    return len(items) == 1 and items[0][1] is not None and schema.is_primitive(items[0][0])


@function("getValue", lambda _call: ANYTHING)
def value_of(items: Nodes) -> Nodes:
    return [typed_value(items[0])] if has_value(items) else EMPTY


def typed_value(item: Typed) -> Typed:
    """A primitive of FHIR's as the System type that it stands for."""
    match schema.kind(item[0]):
        case "date":
            return ("System.Date" if item[0] == "date" else "System.DateTime", item[1], None)
        case "time":
            return ("System.Time", item[1], None)
    return typed(item[1])


@form("resolve")
def resolve(call: Call) -> Compiled:
    source = call.source.run

    def run(this: Nodes, scope: Scope) -> Nodes:
        found = (references.resolve(item, scope) for item in source(this, scope))
        return [(r["resourceType"], r, None) for r in found if r is not None]

    resources = Shape(frozenset({"Resource"}), call.source.shape.many)
    return Compiled(run, resources, references=source)


@function("memberOf")
def member_of(item: Typed, value_set: str, *, scope: Scope) -> bool | None:
    if scope.env.terminology is None:
        raise NotSupported("FHIRPath: memberOf() needs a terminology service")
    return scope.env.terminology.member_of(value_set, item[0], item[1])


@function("conformsTo")
def conforms_to(item: Typed, profile: str) -> bool:
    """Only the base types are known here; profiles are the validator's business."""
    name = profile.removeprefix("http://hl7.org/fhir/StructureDefinition/")
    if name == profile or not schema.is_type(name):
        raise Invalid("FHIRPath: conformsTo() doesn't know the profile")
    return schema.is_a(item[0], name)


@function("elementDefinition", lambda _call: one("ElementDefinition"))
def element_definition(items: Nodes) -> Nodes:
    raise NotSupported("FHIRPath: elementDefinition() isn't implemented")


@function("slice")
def slice_(items: Nodes, structure: str, name: str) -> Nodes:
    raise NotSupported("FHIRPath: slice() isn't implemented")


@function("htmlChecks")
def html_checks(items: Nodes) -> bool:
    """The validator checks narratives itself; the invariants that call this are its rule's."""
    return True
