"""What a field of a query is: an element, a reference's resource, a search, a part of a page.

https://hl7.org/fhir/R4/graphql.html#fields
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

from graphql.language import FieldNode, SelectionSetNode

from fhirserver.fhirpath import Evaluate
from fhirserver.model.definitions import Definitions, Property

QUERY: Final = "Query"
CONNECTION: Final = "Connection"
EDGE: Final = "Edge"


class Place(NamedTuple):
    """The type of an object that fields are selected from.

    `path` is a type, the path of a nested element, or one of the three above; `targets` are the
    types that a Reference may be to, or the one that a connection is of. None are any.
    """

    path: str
    targets: tuple[str, ...] = ()


class Kind(Enum):
    """How a field gets its values."""

    ELEMENT = "an element"
    EXTRAS = "the extensions of a primitive"
    TYPE_NAME = "the name of the type"
    RESOLVED = "what a reference is to"
    READ = "one resource"
    LIST = "the matches of a search"
    CONNECTION = "a page of a search"
    PART = "a part of a page"


@dataclass(frozen=True, slots=True)
class Directives:
    """What is asked about the form of the answer.

    https://hl7.org/fhir/R4/graphql.html#flattening
    """

    flatten: bool = False
    first: bool = False
    singleton: bool = False
    slice: str | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """A field as the query selects it from objects of one type.

    `key` is its name in the answer. `of` is the type of its values, None for scalars. `below` are
    the selections inside: several when it is selected in several places.
    """

    key: str
    name: str
    kind: Kind
    node: FieldNode
    is_list: bool
    of: Place | None = None
    targets: tuple[str, ...] = ()
    property: Property | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    directives: Directives = Directives()
    below: tuple[SelectionSetNode, ...] = ()
    where: Evaluate | None = None
    sliced: Evaluate | None = None


class Definition(NamedTuple):
    """What a name means on a type: before arguments and selections are looked at."""

    kind: Kind
    is_list: bool
    of: Place | None = None
    property: Property | None = None


_PARTS: Final[dict[str, tuple[str, ...]]] = {
    CONNECTION: ("count", "offset", "pagesize", "pageSize", "first", "previous", "next", "last"),
    EDGE: ("mode", "score"),
}
_TYPE_NAMES: Final = frozenset({"__typename", "resourceType"})


def define(name: str, place: Place, definitions: Definitions) -> Definition | None:
    """What a field of this name is on objects of a type; None when there is none."""
    if place.path in {QUERY, CONNECTION, EDGE}:
        return _of_search(name, place, definitions)
    is_resource = definitions.is_resource(place.path)
    if name == "__typename" or (name == "resourceType" and is_resource):
        return Definition(Kind.TYPE_NAME, is_list=False)
    if name == "resource" and place.path == "Reference":
        return Definition(Kind.RESOLVED, is_list=False, of=Place("Resource"))
    found = definitions.property(place.path, name)
    if found is not None:
        of = None
        if found.type_code not in definitions.primitives:
            of = Place(found.target_path, found.targets)
        return Definition(Kind.ELEMENT, found.is_list, of, found)
    if name.startswith("_"):
        found = definitions.property(place.path, name[1:])
        if found is not None and found.type_code in definitions.primitives:
            return Definition(Kind.EXTRAS, found.is_list, Place("Element"), found)
    return _of_search(name, Place(QUERY), definitions, is_root=False) if is_resource else None


def _of_search(
    name: str, place: Place, definitions: Definitions, *, is_root: bool = True
) -> Definition | None:
    if name == "__typename" and is_root:
        return Definition(Kind.TYPE_NAME, is_list=False)
    if place.path == QUERY:
        if is_root and definitions.is_resource(name):
            return Definition(Kind.READ, is_list=False, of=Place(name))
        resource_type = name.removesuffix("List")
        if resource_type != name and definitions.is_resource(resource_type):
            return Definition(Kind.LIST, is_list=True, of=Place(resource_type))
        resource_type = name.removesuffix("Connection")
        if resource_type != name and definitions.is_resource(resource_type):
            of = Place(CONNECTION, (resource_type,))
            return Definition(Kind.CONNECTION, is_list=False, of=of)
        return None
    if name in _PARTS[place.path]:
        return Definition(Kind.PART, is_list=False)
    if place.path == CONNECTION and name == "edges":
        return Definition(Kind.PART, is_list=True, of=Place(EDGE, place.targets))
    if place.path == EDGE and name == "resource":
        return Definition(Kind.PART, is_list=False, of=Place(place.targets[0]))
    return None


def type_name(place: Place) -> str:
    """The name of a type in GraphQL's schema.

    >>> type_name(Place("Patient.contact"))
    'PatientContact'
    """
    if place.path in {CONNECTION, EDGE}:
        return f"{place.targets[0]}{place.path}"
    return "".join(p[:1].upper() + p[1:] for p in place.path.split("."))
