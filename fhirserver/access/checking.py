"""Whether a policy can be used: each rule fits every type that it names."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fhirserver import fhirpath
from fhirserver.access.actor import Actor
from fhirserver.access.conditions import condition
from fhirserver.access.policy import ALL_TYPES, PATIENTS, Policy, Rule
from fhirserver.access.records import is_owned
from fhirserver.errors import FhirError, Invalid, Issue, Unprocessable
from fhirserver.search.parameters import Parameters
from fhirserver.search.scope import Scope
from fhirserver.search.site import Site

# Somebody who is everything that a predicate may ask about.
_ANYBODY: Final = Actor(
    ("Practitioner/x", "Patient/x"), ("Organization/x",), ("Location/x",), "x", ("y",)
)


def check_policy(policy: Policy, parameters: Parameters, site: Site, place: str = "policy") -> None:
    """Raise Unprocessable with every rule that can't be used, and where it is."""
    issues: list[Issue] = []
    for number, rule in enumerate(policy.rules):
        where = f"{place}.rules[{number}]"
        try:
            _check(rule, Scope(parameters, site), where)
        except FhirError as error:
            issues += [replace(i, expression=i.expression or where) for i in error.issues]
    if issues:
        raise Unprocessable(issues=issues)


def _check(rule: Rule, scope: Scope, place: str) -> None:
    definitions = scope.parameters.definitions
    types = _types(rule, scope, place)
    fields = {
        member: getattr(rule, member)
        for member in ("hidden", "readonly", "changes", "constraints")
        if getattr(rule, member)
    }
    if fields and {ALL_TYPES, PATIENTS} & set(rule.types):
        raise Invalid(f"rules with {next(iter(fields))} name their types", expression=place)
    for resource_type in types:
        condition(rule.where, resource_type, _ANYBODY, scope)
        for member in ("hidden", "readonly", "changes"):
            for element in fields.get(member, ()):
                if not definitions.element_type(resource_type, element):
                    raise Invalid(f"{resource_type} has no element {element[:60]!r}",
                                  expression=f"{place}.{member}")  # fmt: skip
        for number, expression in enumerate(fields.get("constraints", ())):
            try:
                fhirpath.compile(expression, resource_type)
            except FhirError as error:
                raise Invalid(f"not a FHIRPath expression: {error}",
                              expression=f"{place}.constraints[{number}]") from error  # fmt: skip


def _types(rule: Rule, scope: Scope, place: str) -> list[str]:
    definitions = scope.parameters.definitions
    found: dict[str, None] = {}
    for name in rule.types:
        if name == ALL_TYPES:
            found.update(dict.fromkeys(definitions.resource_types))
        elif name == PATIENTS:
            owned = (t for t in definitions.resource_types if is_owned(t, scope))
            found.update(dict.fromkeys(owned))
        elif definitions.is_resource(name):
            found[name] = None
        else:
            raise Invalid(f"{name[:60]!r} is not a resource type", expression=f"{place}.types")
    return list(found)
