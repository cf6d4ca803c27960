"""A policy as a FHIR resource, and back.

R4 has no type for it: it is a Basic whose extension holds what the compact JSON holds, member by
member. See profiles/StructureDefinition-access-policy.json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fhirserver.access.policy import Policy, json_of_policy, policy_of
from fhirserver.errors import FhirError, Invalid, Issue, Unprocessable
from fhirserver.model.resource import Resource

PROFILE: Final = "https://fhirserver.example/StructureDefinition/access-policy"
EXTENSION: Final = "https://fhirserver.example/StructureDefinition/access-policy-content"
SYSTEM: Final = "https://fhirserver.example/CodeSystem/basic-resource-type"
CODE: Final = "access-policy"
PREDICATE: Final = "https://fhirserver.example/StructureDefinition/access-predicate"
"""The extension of a predicate, which those of `all`, `any` and `not` hold again."""

# Members that are lists, by their names in the extension, which are those of one of them.
_ONE_OF: Final = {
    "roles": "role",
    "clients": "client",
    "powers": "power",
    "rules": "rule",
    "types": "type",
    "constraints": "constraint",
    "labels": "label",
    "ids": "id",
}
_LIST_OF: Final = {one: many for many, one in _ONE_OF.items()}
_LISTS: Final = frozenset(["hidden", "readonly", "changes", "care", "refers"])
_OPERATORS: Final = frozenset(["all", "any", "not"])


def is_policy(resource: Mapping[str, Any] | None) -> bool:
    """Whether a resource is an access policy, by its code."""
    if resource is None or resource.get("resourceType") != "Basic":
        return False
    codings = (resource.get("code") or {}).get("coding", ())
    return any(c.get("system") == SYSTEM and c.get("code") == CODE for c in codings)


def resource_of(policy: Policy) -> Resource:
    """The resource of a policy; its id is the policy's name."""
    return {
        "resourceType": "Basic",
        "id": policy.name,
        "meta": {"profile": [PROFILE]},
        "extension": [{"url": EXTENSION, "extension": _extensions(json_of_policy(policy))}],
        "code": {"coding": [{"system": SYSTEM, "code": CODE}], "text": policy.title or policy.name},
    }


def policy_of_resource(resource: Resource) -> Policy:
    """The policy of a resource. Raises Unprocessable, with the place, for what is none."""
    held = [
        (n, e) for n, e in enumerate(resource.get("extension", ())) if e.get("url") == EXTENSION
    ]
    if len(held) != 1:
        raise Unprocessable(f"an access policy has one extension {EXTENSION}",
                            expression="Basic.extension")  # fmt: skip
    number, extension = held[0]
    place = f"Basic.extension[{number}]"
    try:
        return policy_of(_members(extension.get("extension", ()), place))
    except Invalid as error:
        raise placed(error, resource) from error


def placed(error: FhirError, resource: Resource) -> FhirError:
    """The error with places in the resource instead of places in the compact JSON."""
    extensions = resource.get("extension", ())
    number = next((n for n, e in enumerate(extensions) if e.get("url") == EXTENSION), 0)
    inside = extensions[number].get("extension", ()) if extensions else ()
    rules = [n for n, e in enumerate(inside) if e.get("url") == "rule"]

    def at(issue: Issue) -> Issue:
        match = _RULE.match(issue.expression or "")
        place = f"Basic.extension[{number}]"
        if match and int(match[1]) < len(rules):
            place += f".extension[{rules[int(match[1])]}]"
        where = (issue.expression or "").partition("policy.")[2]
        text = f"{where}: {issue.text}" if where else issue.text
        return Issue(issue.severity, "invariant", text, place)

    return Unprocessable(issues=[at(i) for i in error.issues])


_RULE: Final = re.compile(r"policy\.rules\[(\d+)\]")


def _extensions(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"url": _ONE_OF.get(member, member), **_valued(item)}
        if member != "where"
        else _predicate(item)
        for member, content in value.items()
        for item in (content if isinstance(content, list) else [content])
    ]


def _valued(item: Any) -> dict[str, Any]:
    if isinstance(item, Mapping):
        return {"extension": _extensions(item)}
    return {"valueBoolean": item} if isinstance(item, bool) else {"valueString": item}


def _predicate(value: Mapping[str, Any]) -> dict[str, Any]:
    operator = next(iter(value))
    if operator not in _OPERATORS:
        return {"url": PREDICATE, "extension": _extensions(value)}
    inner = value[operator]
    parts = [_predicate(p) for p in (inner if isinstance(inner, list) else [inner])]
    return {"url": PREDICATE, "extension": [{"url": "operator", "valueString": operator}, *parts]}


def _members(extensions: Sequence[Mapping[str, Any]], place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, extension in enumerate(extensions):
        here = f"{place}.extension[{number}]"
        url = extension.get("url")
        if url == PREDICATE:
            name, value = "where", _predicate_of(extension, here)
        elif isinstance(url, str) and "/" not in url:
            name, value = _LIST_OF.get(url, url), _value(extension, here)
        else:
            raise Unprocessable("an extension inside a policy has a plain name", expression=here)
        if url in _LIST_OF or url in _LISTS:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Unprocessable(f"{name} is there twice", expression=here)
        else:
            found[name] = value
    return found


def _predicate_of(extension: Mapping[str, Any], place: str) -> dict[str, Any]:
    inside = extension.get("extension", ())
    inner = [e for e in inside if e.get("url") == PREDICATE]
    if not inner:
        return _members(inside, place)
    others = [e for e in inside if e.get("url") != PREDICATE]
    operator = _value(others[0], place) if len(others) == 1 else None
    if operator not in _OPERATORS or others[0].get("url") != "operator":
        raise Unprocessable("predicates in a predicate take one operator: all, any or not",
                            expression=place)  # fmt: skip
    parts = [_predicate_of(e, place) for e in inner]
    if operator != "not":
        return {operator: parts}
    if len(parts) > 1:
        raise Unprocessable("not takes one predicate", expression=place)
    return {"not": parts[0]}


def _value(extension: Mapping[str, Any], place: str) -> Any:
    if "extension" in extension:
        return _members(extension["extension"], place)
    for name in ("valueString", "valueCode", "valueBoolean"):
        if name in extension:
            return extension[name]
    raise Unprocessable("the value is a string, a code, a boolean or extensions", expression=place)
