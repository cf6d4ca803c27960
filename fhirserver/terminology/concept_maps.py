"""A ConceptMap made ready to translate.

https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhirserver.model.resource import Resource


@dataclass(frozen=True, slots=True)
class Target:
    """What a code is mapped to."""

    code: str | None
    equivalence: str
    display: str | None = None
    comment: str | None = None
    depends_on: tuple[Resource, ...] = ()
    products: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The mappings from one code system to another."""

    source: str | None
    source_version: str | None
    target: str | None
    target_version: str | None
    targets: Mapping[str, tuple[Target, ...]]
    sources: Mapping[str, tuple[tuple[str, Target], ...]]
    """By code of the target: the codes that are mapped to it, and how."""
    unmapped: Resource | None = None


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """A concept map, ready to be asked."""

    url: str
    version: str | None
    source: str | None
    """The value set that it maps from, if it says so."""
    target: str | None
    groups: tuple[Group, ...] = field(default=())

    @property
    def canonical(self) -> str:
        return f"{self.url}|{self.version}" if self.version else self.url

    @property
    def size(self) -> int:
        return 10 + sum(len(g.targets) for g in self.groups)


def compile_concept_map(resource: Resource) -> ConceptMap:
    """The mappings of a ConceptMap resource."""
    return ConceptMap(
        url=resource.get("url", ""),
        version=resource.get("version"),
        source=resource.get("sourceUri") or resource.get("sourceCanonical"),
        target=resource.get("targetUri") or resource.get("targetCanonical"),
        groups=tuple(_group(g) for g in resource.get("group", ())),
    )


def _group(group: Resource) -> Group:
    targets: dict[str, tuple[Target, ...]] = {}
    sources: dict[str, list[tuple[str, Target]]] = {}
    for element in group.get("element", ()):
        code = element.get("code")
        if code is None:
            continue
        found = tuple(_target(t) for t in element.get("target", ()))
        targets[code] = (*targets.get(code, ()), *found)
        for target in found:
            if target.code is not None:
                sources.setdefault(target.code, []).append((code, target))
    return Group(
        source=group.get("source"),
        source_version=group.get("sourceVersion"),
        target=group.get("target"),
        target_version=group.get("targetVersion"),
        targets=targets,
        sources={code: tuple(found) for code, found in sources.items()},
        unmapped=group.get("unmapped"),
    )


def _target(target: Resource) -> Target:
    return Target(
        code=target.get("code"),
        equivalence=target.get("equivalence", "equivalent"),
        display=target.get("display"),
        comment=target.get("comment"),
        depends_on=tuple(target.get("dependsOn", ())),
        products=tuple(target.get("product", ())),
    )
