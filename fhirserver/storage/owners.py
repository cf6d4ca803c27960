"""Which reference parameters say whose a resource is: for them `owner` answers reverse chains."""

from __future__ import annotations

from functools import cache

from fhirserver.search.hashing import salt
from fhirserver.search.parameters import SearchParameter, base_parameters


@cache
def owner_salts(resource_type: str) -> frozenset[int]:
    """The salts of the parameters whose only reference to a patient is always the row's owner.

    That is so when the first parameter of the patient compartment lies in a place that occurs
    once, and the parameter in question lies in the same place.
    """
    parameters = base_parameters()
    known = parameters.for_type(resource_type)
    codes = parameters.definitions.compartments["Patient"].get(resource_type, ())
    first = next((known[c] for c in codes if c in known), None)
    if first is None or (place := _single_place(resource_type, first)) is None:
        return frozenset()
    return frozenset(
        salt(code)
        for code, parameter in known.items()
        if parameter.type == "reference" and _single_place(resource_type, parameter) == place
    )


def _single_place(resource_type: str, parameter: SearchParameter) -> str | None:
    """The top-level element a parameter looks at, if it is one that doesn't repeat."""
    if parameter.paths is None or len(parameter.paths) != 1:
        return None
    steps = parameter.paths[0].steps
    if len(steps) != 1 or steps[0].where is not None:
        return None
    prop = base_parameters().definitions.property(resource_type, steps[0].key)
    return None if prop is None or prop.is_list else steps[0].key
