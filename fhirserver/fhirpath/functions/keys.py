"""The keys of SQL on FHIR: getResourceKey() and getReferenceKey(), by which views are joined.

https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html
"""

from __future__ import annotations

import re
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.fhirpath import references
from fhirserver.fhirpath.compiled import Compiled, Shape
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, form, function
from fhirserver.fhirpath.nodes import Nodes, Typed, typed

_LOCAL: Final = re.compile(
    r"([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?"
)


@function("getResourceKey")
def resource_key(item: Typed) -> str | None:
    """`Patient/1`: with the type, as a reference may point at several."""
    _, value, _ = item
    if not isinstance(value, dict) or "resourceType" not in value:
        raise Invalid("FHIRPath: getResourceKey() is asked of a resource")
    return f"{value['resourceType']}/{value['id']}" if "id" in value else None


@form("getReferenceKey")
def reference_key(call: Call) -> Compiled:
    """The same of what a reference points at, if it is of the type that may be named."""
    source = call.source.run
    wanted = call.type_name(0) if call.count else None

    def run(this: Nodes, scope: Scope) -> Nodes:
        return [typed(k) for i in source(this, scope) if (k := _key(i, wanted, scope)) is not None]

    return Compiled(run, Shape(frozenset({"System.String"}), call.source.shape.many))


def _key(item: Typed, wanted: str | None, scope: Scope) -> str | None:
    text = references.text_of(item)
    local = _LOCAL.fullmatch(text) if text else None
    if local is None:
        return None
    if wanted is not None and references.type_of(item, scope) != wanted:
        return None
    return local[1]
