"""Parts of a resource: `_summary` and `_elements`.

https://hl7.org/fhir/R4/search.html#summary
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from fhirserver.errors import Invalid
from fhirserver.model import json
from fhirserver.model.definitions import Definitions
from fhirserver.model.resource import Resource

Summary = Literal["true", "text", "data"]

_SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_ALWAYS: Final = frozenset({"resourceType", "id", "meta"})


@dataclass(frozen=True, slots=True)
class Subset:
    """A `_summary` code, or element names (`birthDate` or `Patient.birthDate`)."""

    summary: Summary | None = None
    elements: tuple[str, ...] = ()


def wanted_subset(pairs: Sequence[tuple[str, str]]) -> Subset | None:
    """What `_summary` and `_elements` ask for; None for the whole resource."""
    values = dict(pairs)
    elements = tuple(e.strip() for e in values.get("_elements", "").split(",") if e.strip())
    summary = values.get("_summary")
    match summary:
        case "true" | "text" | "data":
            return Subset(summary=summary)
        case None | "false" | "count":
            return Subset(elements=elements) if elements else None
        case _:
            raise Invalid("_summary must be true, text, data, count or false")


def subset(content: str, wanted: Subset, definitions: Definitions) -> bytes:
    """The JSON of a part of a resource, tagged SUBSETTED."""
    resource: Resource = json.kept(content)
    resource_type = resource["resourceType"]
    if wanted.summary == "text":
        keep = _ALWAYS | {"text"} | _mandatory(definitions, resource_type)
        part = {k: v for k, v in resource.items() if k.removeprefix("_") in keep}
    elif wanted.summary == "data":
        part = {k: v for k, v in resource.items() if k != "text"}
    elif wanted.summary == "true":
        part = _summary(definitions, resource_type, resource)
    else:
        part = _elements(definitions, resource_type, resource, wanted.elements)
    meta = part.get("meta", {})
    part["meta"] = {**meta, "tag": [*meta.get("tag", []), _SUBSETTED]}
    return json.dump(part)


def _elements(
    definitions: Definitions, resource_type: str, resource: Resource, names: Sequence[str]
) -> Resource:
    wanted = {
        n.removeprefix(f"{resource_type}.")
        for n in names
        if "." not in n or n.startswith(f"{resource_type}.")
    }
    keep = _ALWAYS | _mandatory(definitions, resource_type)
    properties = definitions.properties(resource_type)
    return {
        k: v
        for k, v in resource.items()
        if (name := k.removeprefix("_")) in keep
        or name in wanted
        or ((p := properties.get(name)) is not None and p.element.name in wanted)
    }


@lru_cache(maxsize=512)
def _mandatory(definitions: Definitions, resource_type: str) -> frozenset[str]:
    """Elements that can't be left out, and those that change the meaning of others."""
    return frozenset(
        name
        for name, p in definitions.properties(resource_type).items()
        if p.element.min > 0 or p.element.is_modifier
    )


def _summary(definitions: Definitions, path: str, value: dict[str, Any]) -> dict[str, Any]:
    """The elements marked as summary, also inside nested elements that are."""
    properties = definitions.properties(path)
    part: dict[str, Any] = {}
    for key, item in value.items():
        name = key.removeprefix("_")
        p = properties.get(name)
        if name == "resourceType" or (p is not None and p.element.is_summary):
            nested = p is not None and p.target_path is not None and "." in p.target_path
            part[key] = _nested(definitions, p.target_path or "", item) if p and nested else item
    return part


def _nested(definitions: Definitions, path: str, item: Any) -> Any:
    if isinstance(item, list):
        return [_nested(definitions, path, one) for one in item]
    return _summary(definitions, path, item) if isinstance(item, dict) else item
