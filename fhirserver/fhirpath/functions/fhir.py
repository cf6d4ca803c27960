"""The functions that FHIR adds: extension, hasValue, getValue, resolve, conformsTo ...

https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from fhirserver.errors import Invalid, NotSupported
from fhirserver.fhirpath import references, schema, values
from fhirserver.fhirpath.compiled import ANYTHING, Compiled, Shape
from fhirserver.fhirpath.env import QUESTION, Profiles, Scope
from fhirserver.fhirpath.function import Call, form, function, unwrap
from fhirserver.fhirpath.nodes import EMPTY, Nodes, Typed, typed
from fhirserver.model.conformance import shipped

_STRUCTURE: Final = "http://hl7.org/fhir/StructureDefinition/"
_SCORES: Final = ("/ordinalValue", "/itemWeight")
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


@function("ordinal", lambda _call: Shape(None))
@function("weight", lambda _call: Shape(None))
def weight(items: Nodes) -> Nodes:
    """The scores that answers carry, for forms; what a code system says of them isn't looked up.

    http://hl7.org/fhir/uv/sdc/behavior.html#scoring
    """
    found = [e for e in _extensions(items) if str(e.get("url", "")).endswith(_SCORES)]
    return [typed(values.number(e["valueDecimal"])) for e in found if "valueDecimal" in e]


@form("resolve")
def resolve(call: Call) -> Compiled:
    source = call.source.run

    def run(this: Nodes, scope: Scope) -> Nodes:
        found = (references.resolve(item, scope) for item in source(this, scope))
        return [(r["resourceType"], r, None) for r in found if r is not None]

    resources = Shape(frozenset({"Resource"}), call.source.shape.many)
    return Compiled(run, resources, references=source)


@form("checkModifiers")
def check_modifiers(call: Call) -> Compiled:
    """The items, if they have no other modifier extensions than these."""
    source = call.source.run
    known = [call.argument(i).run for i in range(call.count)]

    def run(this: Nodes, scope: Scope) -> Nodes:
        items = source(this, scope)
        urls = {unwrap(str, k(this, scope)) for k in known}
        for _, value, _ in items:
            given = value.get("modifierExtension", ()) if isinstance(value, dict) else ()
            if any(e.get("url") not in urls for e in given):
                raise Invalid("FHIRPath: a modifier extension that checkModifiers() doesn't name")
        return items

    return Compiled(run, call.source.shape)


@function("conformsTo")
def conforms_to(item: Typed, profile: str, *, scope: Scope) -> bool:
    name = profile.removeprefix(_STRUCTURE)
    if name != profile and schema.is_type(name):
        return schema.is_a(item[0], name)
    found = _profiles(scope, "conformsTo").conforms_to(profile, item)
    if found is None:
        raise Invalid("FHIRPath: conformsTo() of a profile that isn't known here")
    return found


@function("slice")
def slice_(items: Nodes, structure: str, name: str, *, scope: Scope) -> Nodes:
    found = _profiles(scope, "slice").slice(structure, name, items)
    if found is None:
        raise Invalid("FHIRPath: slice() of a profile that isn't known here, or hasn't that slice")
    return found


@form("elementDefinition")
def element_definition(call: Call) -> Compiled:
    """How FHIR defines the element that each item is; the path that leads to it tells which."""
    source, path = call.source.run, call.source.shape.element

    def run(this: Nodes, scope: Scope) -> Nodes:
        found = (_definition(path or item[0]) for item in source(this, scope))
        return [("ElementDefinition", d, None) for d in found if d is not None]

    return Compiled(run, Shape(frozenset({"ElementDefinition"}), call.source.shape.many))


@cache
def _definition(path: str) -> dict[str, Any] | None:
    name = path.partition(".")[0]
    structure = shipped().find("StructureDefinition", _STRUCTURE + name) or {}
    elements = structure.get("snapshot", {}).get("element", ())
    return next((e for e in elements if e["path"] in {path, f"{path}[x]"}), None)


@function("htmlChecks")
def html_checks(item: Typed, *, scope: Scope) -> bool:
    return _profiles(scope, "htmlChecks").is_narrative(item[1])


def _profiles(scope: Scope, name: str) -> Profiles:
    if scope.env.profiles is None:
        raise NotSupported(f"FHIRPath: {name}() needs the validator")
    scope.spend(QUESTION)
    return scope.env.profiles
