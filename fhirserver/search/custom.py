"""Search parameters that a site adds: from a SearchParameter to a definition, and what forbids it.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, get_args

import msgspec

from fhirserver import fhirpath
from fhirserver.errors import FhirError, Issue
from fhirserver.model.definitions import Component, SearchParameterDefinition
from fhirserver.model.resource import Resource
from fhirserver.search.parameters import SPECIAL, Parameters, ParameterType, SearchParameter
from fhirserver.search.paths import branches, is_about
from fhirserver.search.results import RESULTS

_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ABSTRACT: Final = ("Resource", "DomainResource")
_TAKEN: Final = {*RESULTS, *SPECIAL, "_query", "_type", "_format", "_pretty"}
# Longer expressions than this are no search parameters.
_LONGEST: Final = 4_000


def definition_of(resource: Resource) -> SearchParameterDefinition:
    """What a SearchParameter defines, as the standard's own are kept."""
    return SearchParameterDefinition(
        id=resource.get("id", ""),
        url=resource["url"],
        code=resource["code"],
        name=resource.get("name", ""),
        type=resource["type"],
        base=tuple(resource["base"]),
        expression=resource.get("expression"),
        target=tuple(resource.get("target", ())),
        components=tuple(
            Component(c["definition"].partition("|")[0], c["expression"])
            for c in resource.get("component", ())
        ),
        description=resource.get("description", ""),
    )


def types_of(definition: SearchParameterDefinition, parameters: Parameters) -> list[str]:
    """The resource types that a definition is for."""
    return [
        t
        for t in parameters.definitions.resource_types
        if any(b == t or parameters.definitions.is_a(t, b) for b in definition.base)
    ]


def problems(resource: Resource, others: Parameters) -> list[Issue]:
    """What is wrong with an active SearchParameter beside these others; errors with their place."""
    return [
        Issue("error", "processing", text, f"SearchParameter.{place}")
        for place, text in _problems(resource, others)
    ]


def _problems(resource: Resource, others: Parameters) -> Iterator[tuple[str, str]]:
    known = others.definitions
    definition = definition_of(resource)
    if _CODE.fullmatch(definition.code) is None:
        yield "code", "a search parameter's code has letters, digits, - and _, and 64 at most"
    elif definition.code in _TAKEN:
        yield "code", f"{definition.code} means something else in every search"
    if definition.type not in get_args(ParameterType) or definition.type == "special":
        yield "type", "this type of parameter needs a program, a definition isn't enough"
        return
    unknown = [b for b in definition.base if b not in _ABSTRACT and not known.is_resource(b)]
    for base in unknown:
        yield f"base[{definition.base.index(base)}]", f"{base[:64]} is not a resource type"
    for number, target in enumerate(definition.target):
        if not known.is_resource(target):
            yield f"target[{number}]", f"{target[:64]} is not a resource type"
    if not definition.expression or len(definition.expression) > _LONGEST:
        yield "expression", f"an expression is needed, of {_LONGEST} characters at most"
        return
    if unknown:
        return
    broken = list(_broken_expressions(definition, others))
    yield from broken
    if not broken:
        yield from _component_problems(definition, others)
        yield from _clashes(resource, definition, others)


def _broken_expressions(
    definition: SearchParameterDefinition, others: Parameters
) -> Iterator[tuple[str, str]]:
    assert definition.expression is not None
    for base in definition.base:
        own = [b for b in branches(definition.expression) if is_about(b, base, others.definitions)]
        if base not in _ABSTRACT and not own:
            yield "expression", f"the expression says nothing about {base}"
            continue
        try:
            fhirpath.compile(definition.expression, base)
        except FhirError as error:
            yield "expression", f"on {base}: {error}"
            return


def _component_problems(
    definition: SearchParameterDefinition, others: Parameters
) -> Iterator[tuple[str, str]]:
    if definition.type != "composite":
        return
    if len(definition.components) < 2:
        yield "component", "a composite has two components or more"
    for number, component in enumerate(definition.components):
        of = others.by_url(component.definition)
        if of is None:
            yield f"component[{number}].definition", "there is no search parameter of this address"
        elif of.type in ("composite", "special"):
            yield f"component[{number}].definition", f"a {of.type} parameter can't be a component"
        try:
            fhirpath.parse(component.expression)
        except FhirError as error:
            yield f"component[{number}].expression", str(error)


def _clashes(
    resource: Resource, definition: SearchParameterDefinition, others: Parameters
) -> Iterator[tuple[str, str]]:
    for resource_type in types_of(definition, others):
        there = others.for_type(resource_type).get(definition.code)
        if there is not None and not _says_the_same(resource, definition, resource_type, others):
            yield (
                "code",
                f"{resource_type} has another search parameter {definition.code}: {there.url}; "
                "choose another code, or name that one in derivedFrom",
            )
            return


def own_types(
    resource: Resource, others: Parameters
) -> tuple[list[str], SearchParameterDefinition]:
    """The types for which an active SearchParameter adds something, and its definition.

    Where the standard has the same one, or the one that this derives from, that one answers.
    """
    definition = definition_of(resource)
    types = [t for t in types_of(definition, others) if definition.code not in others.for_type(t)]
    return types, msgspec.structs.replace(definition, base=tuple(types))


def _says_the_same(
    resource: Resource,
    definition: SearchParameterDefinition,
    resource_type: str,
    others: Parameters,
) -> bool:
    there = others.for_type(resource_type)[definition.code]
    if there.url in (definition.url, resource.get("derivedFrom", "").partition("|")[0]):
        return True
    if there.url in {d.url for d in others.added}:
        return False
    mine = Parameters(others.definitions, [definition]).for_type(resource_type)
    same = mine.get(definition.code)
    return same is not None and _meaning(same) == _meaning(there)


def _meaning(parameter: SearchParameter) -> object:
    parts = tuple((c.parameter.type, c.expression) for c in parameter.components)
    where = frozenset(parameter.paths) if parameter.paths else parameter.expression
    return parameter.type, where, parts


def fingerprints(parameters: Parameters, resource_type: str) -> dict[str, str]:
    """The added parameters of a type that have index values of their own, with what makes these."""
    added = {d.url for d in parameters.added}
    return {
        code: sha256(
            repr((_of(p), [(_of(c.parameter), c.expression) for c in p.components])).encode()
        ).hexdigest()[:16]
        for code, p in parameters.for_type(resource_type).items()
        if p.url in added and not p.answered_by
    }


def _of(parameter: SearchParameter) -> tuple[str, str]:
    return parameter.type, parameter.expression
