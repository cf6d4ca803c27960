"""The R4 definitions, compiled: structures, search parameters, compartments, enumerated codes.

    definitions = load()                              # once per process, about 10 ms
    definitions.resource_types                        # 146 concrete types, in order
    definitions.structure("Patient").elements["Patient.contact.name"].max
    definitions.structure("Patient").children("Patient.contact")
    definitions.properties("Patient.contact")         # JSON name -> Property, choices spelled out
    definitions.property("Observation", "valueQuantity").target_path      # "Quantity"
    definitions.element_type("Observation", "value")  # the Property of each of its 11 types
    definitions.search_parameters                     # tuple of SearchParameterDefinition
    definitions.compartments["Patient"]["Observation"]                    # ("subject", "performer")
    definitions.codes("http://hl7.org/fhir/ValueSet/administrative-gender")   # system -> codes
    definitions.structure("Period").constraints       # per-1; ele-1, which all have, is left out

A path is a type (`Patient`, `HumanName`) or the path of an element that has children of its own
(`Patient.contact`); `Property.target_path` is the path on which to look for what is inside.
The file is built by `python -m fhirserver.model.build`.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

FILE: Final = Path(__file__).with_name("r4.msgpack")

Kind = Literal["resource", "complex-type", "primitive-type"]
Strength = Literal["required", "extensible", "preferred", "example"]


class DefinitionsMissing(Exception):
    """The compiled definitions are absent or of another version: build them."""

    def __init__(self) -> None:
        super().__init__("build the definitions with `python -m fhirserver.model.build`")


class ElementType(Struct, frozen=True, array_like=True):
    """One type that an element may have.

    `targets` are the resource types that a Reference or canonical may point at; `Resource` is any.
    https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type
    """

    code: str
    targets: tuple[str, ...] = ()


class Binding(Struct, frozen=True, array_like=True):
    """The value set that a coded element is bound to, without a version.

    https://hl7.org/fhir/R4/terminologies.html#binding
    """

    value_set: str
    strength: Strength


class Constraint(Struct, frozen=True, array_like=True):
    """An invariant: a FHIRPath expression that must not be false.

    https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.constraint
    """

    key: str
    severity: Literal["error", "warning"]
    human: str
    expression: str


class Element(Struct, frozen=True, array_like=True):
    """One element of a snapshot; `max` is None where there is no limit.

    https://hl7.org/fhir/R4/elementdefinition.html
    """

    path: str
    name: str
    min: int
    max: int | None
    types: tuple[ElementType, ...]
    content_reference: str | None = None
    binding: Binding | None = None
    is_choice: bool = False
    is_summary: bool = False
    is_modifier: bool = False
    is_attribute: bool = False
    is_list: bool = False
    constraints: tuple[Constraint, ...] = ()


class Structure(Struct, frozen=True, array_like=True, dict=True):
    """A resource type or datatype; `pattern` is the regular expression of a primitive.

    `constraints` are the type's own; those of an element are only what its type doesn't say.

    https://hl7.org/fhir/R4/structuredefinition.html
    """

    name: str
    kind: Kind
    base: str | None
    is_abstract: bool
    pattern: str | None
    all_elements: tuple[Element, ...]
    constraints: tuple[Constraint, ...] = ()

    @cached_property
    def elements(self) -> Mapping[str, Element]:
        """Every element by its path, the type itself excluded."""
        return {e.path: e for e in self.all_elements}

    @cached_property
    def _children(self) -> Mapping[str, tuple[Element, ...]]:
        found: dict[str, list[Element]] = {}
        for e in self.all_elements:
            found.setdefault(e.path.rpartition(".")[0], []).append(e)
        return {path: tuple(elements) for path, elements in found.items()}

    def children(self, path: str) -> tuple[Element, ...]:
        """The elements directly inside a path, in the order of the specification."""
        return self._children.get(path, ())


class Property(Struct, frozen=True):
    """A property of a JSON object: which element it is, and of which concrete type.

    https://hl7.org/fhir/R4/json.html
    """

    name: str
    element: Element
    type_code: str
    is_list: bool
    target_path: str
    targets: tuple[str, ...] = ()


class Component(Struct, frozen=True, array_like=True):
    """A part of a composite search parameter."""

    definition: str
    expression: str


class SearchParameterDefinition(Struct, frozen=True, array_like=True):
    """A base search parameter; `expression` is None for `_text`, `_content`, `_filter`, `_query`.

    https://hl7.org/fhir/R4/searchparameter.html
    """

    id: str
    url: str
    code: str
    name: str
    type: str
    base: tuple[str, ...]
    expression: str | None
    target: tuple[str, ...]
    components: tuple[Component, ...]
    description: str


class Compiled(Struct, frozen=True):
    """What the file holds: parts that are decoded when somebody asks for them."""

    fingerprint: str
    package: str
    resource_types: tuple[str, ...]
    primitives: tuple[str, ...]
    structures: dict[str, Raw]
    search_parameters: Raw
    compartments: Raw
    value_sets: dict[str, Raw]


class Definitions:
    """The definitions of one release of FHIR; ask `load` for them."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._structures: dict[str, Structure] = {}
        self._properties: dict[str, Mapping[str, Property]] = {}
        self._codes: dict[str, Mapping[str, frozenset[str]] | None] = {}
        self.resource_types: tuple[str, ...] = compiled.resource_types
        self.primitives: frozenset[str] = frozenset(compiled.primitives)
        self._is_resource = frozenset(compiled.resource_types)

    def is_resource(self, name: str) -> bool:
        """Whether this is the name of a concrete resource type."""
        return name in self._is_resource

    def structure(self, name: str) -> Structure:
        """The resource type or datatype of this name; KeyError when there is none."""
        if name not in self._structures:
            raw = self._compiled.structures[name]
            self._structures[name] = msgspec.msgpack.decode(raw, type=Structure)
        return self._structures[name]

    @property
    def structure_names(self) -> tuple[str, ...]:
        """The names of all structures: resources, datatypes, primitives, abstract types."""
        return tuple(self._compiled.structures)

    def is_a(self, name: str, ancestor: str) -> bool:
        """Whether a type is another or derives from it: `is_a("Age", "Quantity")`."""
        current: str | None = name
        while current is not None and current != ancestor:
            current = self.structure(current).base
        return current is not None

    def properties(self, path: str) -> Mapping[str, Property]:
        """The JSON properties of an object at a path, without their `_name` siblings.

        KeyError when the path's type doesn't exist; empty for an element without children.
        """
        found = self._properties.get(path)
        if found is None:
            structure = self.structure(path.partition(".")[0])
            found = {
                p.name: p
                for element in structure.children(path)
                for p in self._spelled_out(structure, element)
            }
            self._properties[path] = found
        return found

    def property(self, path: str, name: str) -> Property | None:
        """The property with this JSON name on an object at a path, or None."""
        found = self._properties.get(path)
        return (self.properties(path) if found is None else found).get(name)

    def element_type(self, type_or_path: str, name: str) -> tuple[Property, ...]:
        """Every property that an element can be: several when it has a choice of types.

        `name` is FHIRPath's: `value`, not `valueQuantity`. Empty when there is no such element.
        """
        found = self.property(type_or_path, name)
        if found is not None:
            return (found,)
        return tuple(
            p
            for p in self.properties(type_or_path).values()
            if p.element.is_choice and p.element.name == name
        )

    @cached_property
    def search_parameters(self) -> tuple[SearchParameterDefinition, ...]:
        """The base search parameters; those defined on extensions or as examples are left out."""
        return msgspec.msgpack.decode(
            self._compiled.search_parameters, type=tuple[SearchParameterDefinition, ...]
        )

    @cached_property
    def compartments(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Compartment -> resource type -> the search parameters that put it there.

        https://hl7.org/fhir/R4/compartmentdefinition.html
        """
        return msgspec.msgpack.decode(
            self._compiled.compartments, type=dict[str, dict[str, tuple[str, ...]]]
        )

    def codes(self, value_set: str) -> Mapping[str, frozenset[str]] | None:
        """The codes of a value set that a required binding uses, by system.

        None when it is unknown or can't be enumerated, such as MIME types and UCUM units.
        """
        url = value_set.partition("|")[0]
        if url not in self._codes:
            raw = self._compiled.value_sets.get(url)
            self._codes[url] = (
                None if raw is None else msgspec.msgpack.decode(raw, type=dict[str, frozenset[str]])
            )
        return self._codes[url]

    def _spelled_out(self, structure: Structure, element: Element) -> list[Property]:
        if element.content_reference is not None:
            target = structure.elements[element.content_reference]
            code = target.types[0].code
            return [Property(element.name, element, code, element.is_list, target.path)]
        nested = bool(structure.children(element.path))
        return [
            Property(
                name=element.name + t.code[0].upper() + t.code[1:]
                if element.is_choice
                else element.name,
                element=element,
                type_code=t.code,
                is_list=element.is_list,
                target_path=element.path if nested else t.code,
                targets=t.targets,
            )
            for t in element.types
        ]


@functools.cache
def load() -> Definitions:
    """The R4 definitions; raises DefinitionsMissing when they were not built."""
    try:
        return Definitions(msgspec.msgpack.decode(FILE.read_bytes(), type=Compiled))
    except (OSError, msgspec.DecodeError) as error:
        raise DefinitionsMissing from error
