"""Which ordered index tables a resource type needs, from its search parameters."""

from __future__ import annotations

from functools import cache

from fhirserver.search.parameters import SearchParameter, base_parameters
from fhirserver.storage.schema import OrderedTable

_TABLE_OF_TYPE: dict[str, OrderedTable] = {
    "date": "date",
    "string": "string",
    "number": "number",
    "quantity": "number",
}


@cache
def kinds_needed(resource_type: str) -> frozenset[OrderedTable]:
    """The ordered tables of a type: one for each kind of value that can be ranged or ordered."""
    kinds: set[OrderedTable] = set()
    for parameter in base_parameters().for_type(resource_type).values():
        kinds |= _kinds(parameter)
    return frozenset(kinds)


def _kinds(parameter: SearchParameter) -> set[OrderedTable]:
    if parameter.code == "near":
        return {"position"}
    if parameter.code == "_lastUpdated":
        return set()
    if parameter.type == "composite":
        return {k for part in parameter.components for k in _kinds(part.parameter)}
    kind = _TABLE_OF_TYPE.get(parameter.type)
    return {kind} if kind else set()
