"""What the definitions say about an element's XML: its place, its attributes, what is inside.

https://hl7.org/fhir/R4/xml.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from fhirserver.model import definitions
from fhirserver.model.definitions import Property

FHIR: Final = "http://hl7.org/fhir"
XHTML: Final = "http://www.w3.org/1999/xhtml"

Kind = Literal["primitive", "complex", "resource", "xhtml"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One property: `order` is its element's place among its siblings, `path` what is inside.

    `key` is its JSON name and `name` the element's: `valueString` and `value`.
    """

    key: str
    name: str
    kind: Kind
    order: int
    is_list: bool
    is_attribute: bool
    type: str
    path: str


@cache
def slots(path: str) -> dict[str, Slot]:
    """The properties of a type, or of an element with children, by their JSON names."""
    orders: dict[str, int] = {}
    return {
        p.name: _slot(p, orders.setdefault(p.element.path, len(orders)))
        for p in definitions.load().properties(path).values()
    }


def _slot(p: Property, order: int) -> Slot:
    return Slot(
        p.name,
        p.element.name,
        _kind(p),
        order,
        p.is_list,
        p.element.is_attribute,
        p.type_code,
        p.target_path,
    )


def _kind(p: Property) -> Kind:
    if p.type_code == "xhtml":
        return "xhtml"
    if p.type_code == "Resource":
        return "resource"
    return "primitive" if p.type_code in definitions.load().primitives else "complex"


def is_resource(name: str) -> bool:
    """Whether an element of this name may stand where a resource does."""
    return definitions.load().is_resource(name)
