"""Compartment rules of a GraphDefinition: whose the resources are that it may go to.

https://hl7.org/fhir/R4/graphdefinition-definitions.html#GraphDefinition.link.target.compartment
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver import fhirpath
from fhirserver.errors import FhirError, Invalid
from fhirserver.fhirpath import Env
from fhirserver.interactions.context import Context
from fhirserver.model.resource import Resource
from fhirserver.search.extract import references

_MOST_STEPS: Final = 20_000


def follows(
    ctx: Context, rules: Sequence[Resource], source: Resource, target: Resource, place: str
) -> bool:
    """Whether a target keeps to the rules: to all requirements, if all conditions are met."""
    holds = {"condition": True, "requirement": True}
    for number, rule in enumerate(rules):
        where = f"{place}.compartment[{number}]"
        if rule["code"] not in ctx.definitions.compartments:
            raise Invalid(f"{rule['code']} is no compartment", expression=f"{where}.code")
        holds[rule["use"]] &= _holds(ctx, rule, source, target, where)
    return holds["requirement"] or not holds["condition"]


def _holds(ctx: Context, rule: Resource, source: Resource, target: Resource, place: str) -> bool:
    if rule["rule"] == "custom":
        return _custom(rule, source, target, place)
    own, other = owners(ctx, rule["code"], source), owners(ctx, rule["code"], target)
    match rule["rule"]:
        case "identical":
            return bool(own) and own == other
        case "matching":
            return not own.isdisjoint(other)
        case _:
            return own.isdisjoint(other)


def owners(ctx: Context, compartment: str, resource: Resource) -> frozenset[str]:
    """The ids of the compartments of one kind that a resource is in."""
    kind = resource["resourceType"]
    codes = ctx.definitions.compartments[compartment].get(kind, ())
    known = ctx.parameters.for_type(kind)
    wanted = [p.code for c in codes if c in known for p in known[c].answered_by or (known[c],)]
    found = references(resource, ctx.parameters, ctx.site, wanted)
    ids = {f.id for f in found if f.type == compartment and f.id}
    return frozenset(ids | ({resource["id"]} if kind == compartment else set()))


def _custom(rule: Resource, source: Resource, target: Resource, place: str) -> bool:
    """An expression on the target; `%source` is the resource that the link is in."""
    try:
        run = fhirpath.compile(rule.get("expression", ""), target["resourceType"])
        env = Env(variables={"source": source}, max_steps=_MOST_STEPS)
        values = [value for _, value, _ in run(target, env)]
    except FhirError as error:
        raise Invalid(
            f"the custom rule can't be evaluated: {error}", expression=f"{place}.expression"
        ) from error
    return values == [True]
