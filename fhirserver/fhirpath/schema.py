"""The types that paths are checked against: FHIR's definitions as FHIRPath sees them.

A type is a name ("Patient", "code", "System.String") or the path of a nested element
("Patient.contact"), as in `Typed`.

https://hl7.org/fhir/R4/fhirpath.html#types
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Literal

from fhirserver.errors import Invalid
from fhirserver.model import definitions

Kind = Literal["string", "number", "boolean", "date", "time", "quantity", "complex"]

ABSTRACT: Final = frozenset({"Resource", "DomainResource", "Element", "BackboneElement"})
"""Types whose members are known only when a value is at hand."""

SYSTEM: Final[dict[str, Kind]] = {
    "System.Boolean": "boolean",
    "System.String": "string",
    "System.Integer": "number",
    "System.Decimal": "number",
    "System.Date": "date",
    "System.DateTime": "date",
    "System.Time": "time",
    "System.Quantity": "quantity",
}

IN_FHIR: Final = {
    "System.Boolean": "boolean",
    "System.String": "string",
    "System.Integer": "integer",
    "System.Decimal": "decimal",
    "System.Date": "date",
    "System.DateTime": "dateTime",
    "System.Time": "time",
    "System.Quantity": "Quantity",
}
"""What FHIR calls the types of FHIRPath itself."""

_PRIMITIVE: Final[dict[str, Kind]] = {
    "boolean": "boolean",
    "integer": "number",
    "positiveInt": "number",
    "unsignedInt": "number",
    "decimal": "number",
    "date": "date",
    "dateTime": "date",
    "instant": "date",
    "time": "time",
}
INTEGERS: Final = frozenset({"System.Integer", "integer", "positiveInt", "unsignedInt"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One JSON property of an element: its key and the type of what is there."""

    key: str
    type: str
    is_primitive: bool
    is_resource: bool


@dataclass(frozen=True, slots=True)
class Property:
    """An element as a path step sees it; several choices if it is `value[x]`."""

    choices: tuple[Choice, ...]
    is_list: bool

    @property
    def types(self) -> frozenset[str]:
        return frozenset(c.type for c in self.choices)


def _text(name: str) -> Property:
    return Property((Choice(name, "System.String", False, False),), is_list=False)


_REFLECTED: Final = {"System.TypeInfo": {n: _text(n) for n in ("namespace", "name", "baseType")}}
"""What type() gives: http://hl7.org/fhirpath/N1/#reflection"""


@lru_cache(maxsize=65_536)
def member(owner: str, name: str) -> Property | None:
    """The element of a type that FHIRPath calls `name`: `value`, never `valueQuantity`."""
    return members(owner).get(name)


@cache
def spelled_out(owner: str, key: str) -> Property | None:
    """One type of a choice by its JSON key (`valueQuantity`), as published parameters have it."""
    return next(
        (
            Property((c,), p.is_list)
            for name, p in members(owner).items()
            for c in p.choices
            if c.key == key and name != key
        ),
        None,
    )


@cache
def members(owner: str) -> dict[str, Property]:
    """The elements of a type, in the order of the specification."""
    if owner.startswith("System."):
        # A computed quantity is held like FHIR's.
        return members("Quantity") if owner == "System.Quantity" else _REFLECTED.get(owner, {})
    known = definitions.load()
    choices: dict[str, list[Choice]] = {}
    lists: dict[str, bool] = {}
    for p in known.properties(owner).values():
        lists[p.element.name] = p.is_list
        choices.setdefault(p.element.name, []).append(
            Choice(
                key=p.name,
                type=p.target_path,
                is_primitive=is_primitive(p.target_path),
                is_resource=p.target_path in {"Resource", "DomainResource"},
            )
        )
    if is_primitive(owner):
        # The value of a primitive is the node itself.
        choices.pop("value", None)
    return {name: Property(tuple(c), lists[name]) for name, c in choices.items()}


@cache
def is_primitive(name: str) -> bool:
    """Whether a FHIR type is primitive: its JSON value has no members."""
    return name in definitions.load().primitives


@cache
def is_type(name: str) -> bool:
    """Whether a name is a FHIR type."""
    return name in definitions.load().structure_names


def exists(path: str) -> bool:
    """Whether a type or the path of a nested element exists."""
    if is_type(path) or path in SYSTEM:
        return True
    return is_type(path.partition(".")[0]) and bool(members(path))


@cache
def kind(name: str) -> Kind:
    """How values of a type compare."""
    if name in SYSTEM:
        return SYSTEM[name]
    if is_primitive(name):
        return _PRIMITIVE.get(name, "string")
    if "." not in name and is_type(name) and definitions.load().is_a(name, "Quantity"):
        return "quantity"
    return "complex"


@cache
def is_a(name: str, ancestor: str) -> bool:
    """Whether a type is another or derives from it: code from string, Age from Quantity.

    >>> is_a("Patient.contact", "BackboneElement"), is_a("boolean", "System.Boolean")
    (True, False)
    """
    if name == ancestor or (name == "System.Quantity" and ancestor == "Quantity"):
        return True
    if name.startswith("System.") or not is_type(ancestor):
        return False
    if "." in name:
        return ancestor in {"Element", "BackboneElement"}
    return is_type(name) and definitions.load().is_a(name, ancestor)


def base(name: str) -> str | None:
    """The type that a FHIR type derives from."""
    if "." in name:
        return "BackboneElement"
    return definitions.load().structure(name).base


@cache
def is_as(name: str, wanted: str) -> bool:
    """Whether `as` and `ofType` take a type for another: a primitive only for its own.

    HL7's tests want `Patient.gender.as(string)` to be empty, although a code is a string.
    """
    return name == wanted if is_primitive(wanted) else is_a(name, wanted)


def type_named(specifier: str) -> str:
    """The type that an expression names; raises Invalid if there is none.

    Without a namespace, FHIR's types come before System's.
    http://hl7.org/fhirpath/N1/#type-specifier

    >>> type_named("Quantity"), type_named("Integer"), type_named("FHIR.code")
    ('Quantity', 'System.Integer', 'code')
    """
    name = specifier.removeprefix("FHIR.")
    if is_type(name):
        return name
    if specifier.startswith("System."):
        return specifier
    if f"System.{specifier}" in SYSTEM:
        return f"System.{specifier}"
    raise Invalid(f"FHIRPath: no type {specifier}")
