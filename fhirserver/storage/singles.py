"""Which ordered parameters have at most one row in a resource: conditions on them share it."""

from __future__ import annotations

from functools import cache

from fhirserver.search.hashing import number
from fhirserver.search.parameters import SearchParameter, base_parameters


@cache
def single_params(resource_type: str) -> frozenset[int]:
    """The numbers of the date, number and quantity parameters that can't have two values.

    That is so when all their values lie in one top-level element that doesn't repeat, such as
    Observation.effective[x].
    """
    return frozenset(
        number(parameter.code)
        for parameter in base_parameters().for_type(resource_type).values()
        if parameter.type in {"date", "number", "quantity"} and _is_single(resource_type, parameter)
    )


def _is_single(resource_type: str, parameter: SearchParameter) -> bool:
    definitions = base_parameters().definitions
    elements = set()
    for path in parameter.paths or ():
        prop = definitions.property(resource_type, path.steps[0].key) if path.steps else None
        if len(path.steps) != 1 or prop is None or prop.is_list:
            return False
        elements.add(prop.element.path)
    return len(elements) == 1
