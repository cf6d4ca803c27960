"""What a profile fixes: values that an element has without being asked for.

http://hl7.org/fhir/uv/sdc/extraction.html#definition-based-extraction
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.model.resource import Resource

_TYPE_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a resource is to be: its type, and what its profile fixes below an element's id.

    `children` are the ids directly below an id; `min` and `values` are by id.
    """

    url: str
    type: str
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def fixed(self, id_: str) -> Any:
        """The value that an element has when it is there at all; None when it is open.

        What is required inside and fixed in turn belongs to it.
        """
        if id_ in self.values:
            return self.values[id_]
        made: Resource = {}
        for child in self.children.get(id_, ()):
            name = child.rpartition(".")[2]
            if (self.min.get(child) or child in self.values) and "[x]" not in name:
                found = self.fixed(child)
                if found is not None:
                    made[name.partition(":")[0]] = found
        return made or None


def shape_of(definition: Resource) -> Shape:
    """The shape of a StructureDefinition."""
    view = definition.get("snapshot") or definition.get("differential") or {}
    children: dict[str, list[str]] = {}
    least: dict[str, int] = {}
    found: dict[str, Any] = {}
    for element in view.get("element", ()):
        id_ = element.get("id") or element.get("path", "")
        children.setdefault(id_.rpartition(".")[0], []).append(id_)
        least[id_] = element.get("min", 0)
        for key, value in element.items():
            if key.startswith(("fixed", "pattern")):
                found[id_] = value
        profiles = [p for t in element.get("type", ()) for p in t.get("profile", ())]
        if id_.rpartition(".")[2].partition(":")[0] in {"extension", "modifierExtension"} and (
            len(profiles) == 1
        ):
            # The address of an extension is that of its definition.
            found.setdefault(f"{id_}.url", profiles[0].partition("|")[0])
            children.setdefault(id_, []).append(f"{id_}.url")
    return Shape(
        definition.get("url", ""),
        definition["type"].removeprefix(_TYPE_BASE),
        {k: tuple(dict.fromkeys(v)) for k, v in children.items()},
        least,
        found,
    )
