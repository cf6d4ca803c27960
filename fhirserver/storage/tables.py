"""Which ordered index tables a resource type needs, from its search parameters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from fhirserver.search.parameters import SearchParameter, base_parameters
from fhirserver.storage.schema import OrderedTable

_TABLE_OF_TYPE: dict[str, OrderedTable] = {
    "date": "date",
    "string": "string",
    "number": "number",
    "quantity": "number",
}


# What was added while this process has been running; tables are created and never dropped.
_added: dict[str, frozenset[OrderedTable]] = {}


def kinds_needed(resource_type: str) -> frozenset[OrderedTable]:
    """The ordered tables of a type: one for each kind of value that can be ranged or ordered."""
    return kinds_of_the_standard(resource_type) | _added.get(resource_type, frozenset())


def kinds_of(parameters: Iterable[SearchParameter]) -> frozenset[OrderedTable]:
    """The ordered tables that these parameters have rows in."""
    return frozenset(kind for p in parameters for kind in _kinds(p))


def are_there(resource_type: str, kinds: frozenset[OrderedTable]) -> None:
    """From now on a type has these tables, too."""
    _added[resource_type] = _added.get(resource_type, frozenset()) | kinds


@cache
def kinds_of_the_standard(resource_type: str) -> frozenset[OrderedTable]:
    """Those that every database has."""
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
