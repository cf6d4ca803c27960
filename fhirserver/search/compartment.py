"""Compartment search: `Patient/123/Observation` is what belongs to that patient.

https://hl7.org/fhir/R4/search.html#2.21.1.2, https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirserver.errors import Invalid
from fhirserver.search.hashing import element
from fhirserver.search.query import AnyElement, Condition, Ids
from fhirserver.search.scope import Scope, any_of
from fhirserver.search.types.reference import ID


def types_in(compartment: str, scope: Scope) -> Mapping[str, tuple[str, ...]]:
    """The resource types in a compartment, with the parameters that put them there."""
    found = scope.parameters.definitions.compartments.get(compartment)
    if found is None:
        raise Invalid(f"{compartment} is not a compartment")
    return found


def member(compartment: tuple[str, str], resource_type: str, scope: Scope) -> Condition:
    """That a resource of a type is in one compartment."""
    owner_type, owner_id = compartment
    codes = types_in(owner_type, scope).get(resource_type)
    if codes is None:
        raise Invalid(f"{resource_type} is not in the {owner_type} compartment")
    if not ID.fullmatch(owner_id):
        raise Invalid("the compartment's id is not an id")
    known = scope.parameters.for_type(resource_type)
    found: list[Condition] = [
        AnyElement((element(p.code, f"r|{owner_type}/{owner_id}"),))
        for code in codes
        if code in known
        for p in known[code].answered_by or (known[code],)
    ]
    if resource_type == owner_type:
        found.append(Ids((owner_id,)))
    return any_of(found)
