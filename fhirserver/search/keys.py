"""The name part of a search: a parameter, a chain through references, or `_has`.

    code                                            patient.organization.name
    subject:Patient.name:exact                      _has:Observation:patient:code

https://hl7.org/fhir/R4/search.html#chaining, https://hl7.org/fhir/R4/search.html#has
"""

from __future__ import annotations

from collections.abc import Callable

from fhirserver.errors import Invalid, TooCostly
from fhirserver.search.hashing import salt
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Chain, Condition, ReverseChain
from fhirserver.search.scope import MAX_CHAIN, Scope, Unknown, any_of, near, short

Leaf = Callable[[SearchParameter, str | None, str], Condition]
"""The condition of the last parameter of a name: parameter, modifier, resource type."""

HAS = "_has:"


def resolve(key: str, resource_type: str, leaf: Leaf, scope: Scope, depth: int = 0) -> Condition:
    """The condition that a name asks of resources of a type."""
    if depth > MAX_CHAIN:
        raise TooCostly(f"a chain has more than {MAX_CHAIN} steps")
    if key.startswith(HAS):
        return _has(key, resource_type, leaf, scope, depth)
    head, dot, rest = key.partition(".")
    code, colon, modifier = head.partition(":")
    if code == "_has":
        raise Unknown("_has takes the form _has:TYPE:REFERENCE:PARAMETER")
    parameter = scope.parameter(code, resource_type)
    if colon and not modifier:
        raise Invalid(f"{short(key)}: a modifier is missing after the colon")
    if not dot:
        return leaf(parameter, modifier or None, resource_type)
    if not rest:
        raise Invalid(f"{short(key)}: a parameter is missing after the dot")
    return chain(
        parameter,
        modifier or None,
        lambda target: resolve(rest, target, leaf, scope, depth + 1),
        scope,
    )


def chain(
    parameter: SearchParameter,
    modifier: str | None,
    inner: Callable[[str], Condition],
    scope: Scope,
) -> Condition:
    """That the parameter refers to a resource that meets a condition, made for each type.

    Types without the parameters that the condition asks for are left out, unless that is all.
    """
    if parameter.type != "reference":
        raise Unknown(f"{parameter.code} is not a reference: it can't be followed by a dot")
    if modifier is not None and modifier not in parameter.targets:
        raise Invalid(
            f"{parameter.code} can't refer to {short(modifier)}{near(modifier, parameter.targets)}"
        )
    by_condition: dict[Condition, list[str]] = {}
    unknown: list[Unknown] = []
    targets = (modifier,) if modifier else parameter.targets
    for target in targets:
        scope.spend()
        try:
            by_condition.setdefault(inner(target), []).append(target)
        except Unknown as error:
            unknown.append(error)
    if not by_condition:
        if len(targets) == 1:
            raise unknown[0]
        raise Unknown(f"nothing that {parameter.code} can refer to has the parameter asked for")
    return any_of(
        [
            Chain(salt(p.code), tuple(types), condition)
            for p in parameter.answered_by or (parameter,)
            for condition, types in by_condition.items()
        ]
    )


def _has(key: str, resource_type: str, leaf: Leaf, scope: Scope, depth: int) -> Condition:
    parts = key.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise Invalid(f"{short(key)} is not of the form _has:TYPE:REFERENCE:PARAMETER")
    _, source, code, rest = parts
    definitions = scope.parameters.definitions
    if not definitions.is_resource(source):
        hint = near(source, definitions.resource_types)
        raise Unknown(f"_has: {short(source)} is not a resource type{hint}")
    parameter = scope.parameter(code, source)
    if parameter.type != "reference" or resource_type not in parameter.targets:
        raise Invalid(f"_has: {source}'s {code} can't refer to {resource_type}")
    scope.spend()
    condition = resolve(rest, source, leaf, scope, depth + 1)
    return any_of(
        [
            ReverseChain(source, salt(p.code), condition)
            for p in parameter.answered_by or (parameter,)
        ]
    )
