"""What a guide requires of servers and a server's CapabilityStatement doesn't have.

A guide says it in a CapabilityStatement of kind `requirements`, in which an extension gives the
strength of each expectation; only SHALL counts, and what has no strength.
https://hl7.org/fhir/R4/capabilitystatement.html#notes
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from fhirserver.model import canonicals
from fhirserver.model.resource import Resource

EXPECTATION: Final = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"

_FORMATS: Final = {"json": "application/fhir+json", "xml": "application/fhir+xml"}


def is_for_servers(statement: Resource) -> bool:
    """Whether a CapabilityStatement requires something of servers."""
    return statement.get("kind") == "requirements" and any(
        rest.get("mode") == "server" for rest in statement.get("rest", ())
    )


def unmet(required: Resource, ours: Resource) -> list[str]:
    """What is required and isn't there, in the order of the requirements; empty: all is met.

    Both are CapabilityStatements. Whether combinations of parameters work isn't looked at, as every
    combination does.
    """
    found = [
        f"format {name}"
        for name in _primitives(required, "format")
        if name not in ours.get("format", ())
        and _FORMATS.get(name, name) not in ours.get("format", ())
    ]
    have: Resource = next((r for r in ours.get("rest", ()) if r.get("mode") == "server"), {})
    by_type = {r["type"]: r for r in have.get("resource", ())}
    for rest in required.get("rest", ()):
        if rest.get("mode") != "server":
            continue
        found += _missing(rest, have, "interaction", "code", "")
        found += _missing(rest, have, "operation", "name", "$")
        for resource in rest.get("resource", ()):
            resource_type = resource.get("type", "")
            found += [
                f"{resource_type}: {what}"
                for what in _of_type(resource, by_type.get(resource_type, {}))
            ]
    return found


def _of_type(required: Resource, ours: Resource) -> Iterator[str]:
    known = {canonicals.split(p)[0] for p in ours.get("supportedProfile", ())}
    for profile in _primitives(required, "supportedProfile"):
        if canonicals.split(profile)[0] not in known:
            yield f"profile {profile}"
    yield from _missing(required, ours, "interaction", "code", "")
    yield from _missing(required, ours, "searchParam", "name", "parameter ")
    yield from _missing(required, ours, "operation", "name", "$")
    for name in ("searchInclude", "searchRevInclude"):
        have: Collection[str] = ours.get(name, ())
        for value in _primitives(required, name):
            is_there = value in have or value.rpartition(":")[0] in have
            if not is_there and (name != "searchInclude" or "*" not in have):
                yield f"{name} {value}"


def _missing(
    required: Mapping[str, Any], ours: Mapping[str, Any], name: str, key: str, what: str
) -> Iterator[str]:
    have = {str(item.get(key, "")).removeprefix("$") for item in ours.get(name, ())}
    for item in required.get(name, ()):
        wanted = str(item.get(key, "")).removeprefix("$")
        if _is_required(item) and wanted not in have:
            yield f"{what}{wanted}"


def _primitives(required: Mapping[str, Any], name: str) -> Iterator[str]:
    """The values of a list of primitives that are required."""
    beside: Sequence[Any] = required.get(f"_{name}", ())
    for position, value in enumerate(required.get(name, ())):
        extra = beside[position] if position < len(beside) else None
        if isinstance(value, str) and _is_required(extra or {}):
            yield value


def _is_required(item: Mapping[str, Any]) -> bool:
    stated = [e.get("valueCode") for e in item.get("extension", ()) if e.get("url") == EXPECTATION]
    return not stated or "SHALL" in stated
