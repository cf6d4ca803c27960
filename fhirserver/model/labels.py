"""The profiles, tags and security labels in a resource's meta, as sets.

A tag or label is known by its system and code, whatever its version and display.
https://hl7.org/fhir/R4/resource.html#Meta
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fhirserver.model.resource import Resource

KINDS: Final = ("profile", "security", "tag")


def added(resource: Resource, meta: Resource) -> Resource:
    """The resource with the profiles, tags and labels of `meta` that it lacks."""
    return _with(resource, {k: merged([*_members(resource, k), *meta.get(k, ())]) for k in KINDS})


def removed(resource: Resource, meta: Resource) -> Resource:
    """The resource without the profiles, tags and labels of `meta`."""
    return _with(
        resource,
        {
            k: [m for m in _members(resource, k) if _key(m) not in map(_key, meta.get(k, ()))]
            for k in KINDS
        },
    )


def merged(members: Iterable[Any]) -> list[Any]:
    """Each profile, tag or label once: the first of those that mean the same.

    >>> merged([{"code": "a"}, {"code": "a", "display": "A"}, "http://a.example"])
    [{'code': 'a'}, 'http://a.example']
    """
    found: dict[Any, Any] = {}
    for member in members:
        found.setdefault(_key(member), member)
    return list(found.values())


def _members(resource: Resource, kind: str) -> Sequence[Any]:
    members: Sequence[Any] = resource.get("meta", {}).get(kind, ())
    return members


def _with(resource: Resource, kinds: dict[str, list[Any]]) -> Resource:
    rest = {k: v for k, v in resource.get("meta", {}).items() if k not in kinds}
    return {**resource, "meta": rest | {k: members for k, members in kinds.items() if members}}


def _key(member: Any) -> Any:
    return (member.get("system"), member.get("code")) if isinstance(member, dict) else member
