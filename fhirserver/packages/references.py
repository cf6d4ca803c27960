"""Which definitions the resources of a package refer to that nobody has.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.model import canonicals
from fhirserver.model.conformance import Conformance
from fhirserver.model.definitions import Definitions
from fhirserver.model.resource import Resource

# What lists and describes rather than defines: nothing stops working when a part is missing.
_LISTS: Final = frozenset({"ImplementationGuide", "CapabilityStatement", "TestScript"})
_LOOKED_FOR: Final = frozenset(canonicals.TYPES)


@dataclass(frozen=True, slots=True)
class Absent:
    """A definition that is referred to and isn't there."""

    type: str
    url: str
    needed_by: tuple[str, ...]

    def __str__(self) -> str:
        first = ", ".join(self.needed_by[:3])
        more = len(self.needed_by) - 3
        return f"{self.type} {self.url}, needed by {first}{f' and {more} more' if more > 0 else ''}"


def absent(
    resources: Iterable[Resource], conformance: Conformance, definitions: Definitions
) -> list[Absent]:
    """The definitions that are referred to and are neither among the resources nor known."""
    resources = list(resources)
    asked: dict[tuple[str, str], dict[str, None]] = {}
    known: dict[str, set[str]] = {t: set(conformance.urls(t)) for t in _LOOKED_FOR}
    for r in resources:
        known.setdefault(r["resourceType"], set()).update(canonicals.addresses(r))
    for r in resources:
        if r["resourceType"] in _LISTS:
            continue
        name = f"{r['resourceType']}/{r.get('id', '')}"
        for types, canonical in _canonicals(r, r["resourceType"], definitions):
            url = canonicals.split(canonical)[0].partition("#")[0]
            looked_for = [t for t in types if t in _LOOKED_FOR]
            # Any type may be meant where none is named.
            if looked_for and url and not any(url in known[t] for t in looked_for):
                asked.setdefault((looked_for[0], url), {})[name] = None
    return [Absent(t, url, tuple(names)) for (t, url), names in sorted(asked.items())]


def _canonicals(
    value: Resource, path: str, definitions: Definitions
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every canonical in a resource, and the types that it may be of."""
    left: list[tuple[Resource, str]] = [(value, path)]
    while left:
        here, at = left.pop()
        for name, member in here.items():
            found = definitions.property(at, name)
            if found is None:
                continue
            for item in member if isinstance(member, list) else [member]:
                if found.type_code == "canonical":
                    if isinstance(item, str):
                        yield found.targets, item
                elif isinstance(item, dict):
                    left.append((item, _inside(item, found.target_path, definitions)))


def _inside(item: dict[str, Any], path: str, definitions: Definitions) -> str:
    contained = item.get("resourceType")
    if isinstance(contained, str) and definitions.is_resource(contained):
        return contained
    return path
