"""The parameters that shape a search's answer: `_sort`, `_count`, `_include`, `_summary` and so on.

https://hl7.org/fhir/R4/search.html#return
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from fhirserver.errors import Invalid, NotSupported
from fhirserver.search.bad_value import bad_value
from fhirserver.search.query import Include
from fhirserver.search.scope import Scope, Unknown, near, short
from fhirserver.search.sorting import sort_keys

_ITERATE: Final = frozenset(["iterate", "recurse"])
_ELEMENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")

Fields = dict[str, Any]
"""Fields of the Query in the making."""
Read = Callable[[str, str, Sequence[str], Scope], Fields]
"""Reads a parameter: modifier, value, resource types searched, scope."""


def sort(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_sort`: keys with `-` for descending."""
    return {"sort": sort_keys(value, types, scope)}


def include(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_include`: resources that the matches refer to."""
    return {"includes": (_include("_include", modifier, value, types, scope),)}


def reverse_include(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_revinclude`: resources that refer to the matches."""
    return {"includes": (_include("_revinclude", modifier, value, types, scope),)}


def _include(name: str, modifier: str, value: str, types: Sequence[str], scope: Scope) -> Include:
    reverse, iterate = name == "_revinclude", modifier in _ITERATE
    if value == "*":
        return Include("*", "*", None, reverse, iterate)
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    definitions = scope.parameters.definitions
    if not code:
        raise bad_value(name, value, "TYPE:PARAMETER, TYPE:PARAMETER:TARGET, TYPE:* or *")
    for named in filter(None, (source, target)):
        if not definitions.is_resource(named):
            known = definitions.resource_types
            raise Unknown(f"{name}: {short(named)} is not a resource type{near(named, known)}")
    if not reverse and not iterate and source not in types:
        raise Invalid(f"{name}: {source} is not what is searched; use {name}:iterate")
    if code != "*":
        parameter = scope.parameter(code, source)
        if parameter.type != "reference":
            raise Invalid(f"{name}: {source}'s {code} is not a reference")
        if target and target not in parameter.targets:
            raise Invalid(f"{name}: {source}'s {code} can't refer to {target}")
        if reverse and not iterate and not set(types) & set(parameter.targets):
            raise Invalid(f"{name}: {source}'s {code} can't refer to what is searched")
    return Include(source, code, target or None, reverse, iterate)


def count(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_count`: matches on a page; 0 asks only for the number of matches."""
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise bad_value("_count", value, "a whole number, 0 or more")
    return {"count": int(value)}


def elements(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_elements`: the top-level elements to return."""
    names = [n.strip() for n in value.split(",")]
    definitions = scope.parameters.definitions
    for name in names:
        if not _ELEMENT.fullmatch(name):
            raise bad_value("_elements", name, "the name of a top-level element")
        if name not in ("id", "resourceType") and not any(
            definitions.element_type(t, name) for t in types
        ):
            known = {e.name for t in types[:3] for e in definitions.structure(t).children(t)}
            raise Unknown(f"_elements: there is no element {short(name)}{near(name, known)}")
    return {"elements": tuple(dict.fromkeys(names))}


def _one_of(field: str, *allowed: str) -> Read:
    def read(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
        if value not in allowed:
            raise bad_value(f"_{field}", value, " or ".join(allowed))
        return {field: value}

    return read


def explain(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_explain`: return how the search is done."""
    return {
        "explain": _one_of("explain", "true", "false")("", value, types, scope)["explain"] == "true"
    }


def contained(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_contained`: only resources that are not contained are found."""
    if value in ("true", "both"):
        raise NotSupported("_contained: contained resources can't be searched for")
    return _one_of("contained", "false")("", value, types, scope)


def contained_type(modifier: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """`_containedType`: of no effect, because contained resources are not searched."""
    _one_of("containedType", "container", "contained")("", value, types, scope)
    return {}


RESULTS: Final[dict[str, Read]] = {
    "_sort": sort,
    "_count": count,
    "_include": include,
    "_revinclude": reverse_include,
    "_summary": _one_of("summary", "true", "text", "data", "count", "false"),
    "_total": _one_of("total", "none", "estimate", "accurate"),
    "_elements": elements,
    "_contained": contained,
    "_containedType": contained_type,
    "_explain": explain,
}
"""Result parameters; only _include and _revinclude may be repeated, and take :iterate."""


def read(key: str, value: str, types: Sequence[str], scope: Scope) -> Fields:
    """The fields of a Query that a result parameter sets."""
    name, colon, modifier = key.partition(":")
    if not value:
        raise Unknown(f"{name}: the value is empty")
    if colon and not (name in ("_include", "_revinclude") and modifier in _ITERATE):
        raise Invalid(f"{name} has no modifier :{short(modifier)}")
    return RESULTS[name](modifier, value, types, scope)
