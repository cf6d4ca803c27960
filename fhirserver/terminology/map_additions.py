"""Mappings that are added to a ConceptMap resource. Pure.

https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource

EQUIVALENCES: Final = frozenset({
    "relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes", "inexact",
    "unmatched", "disjoint",
})  # fmt: skip
# R5's relationships, in R4's words; R4 speaks of the target, R5 of the source.
RELATIONSHIPS: Final[Mapping[str, str]] = {
    "related-to": "relatedto",
    "equivalent": "equivalent",
    "source-is-narrower-than-target": "wider",
    "source-is-broader-than-target": "narrower",
    "not-related-to": "disjoint",
}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A code and what it is in other words; `target` is None where there is nothing."""

    source: Resource
    target: Resource | None
    equivalence: str
    comment: str | None = None


def mapping(
    source: Resource,
    target: Resource | None,
    equivalence: str | None,
    relationship: str | None,
    comment: str | None,
    place: str,
) -> Mapped:
    """A mapping as it was given; raises Invalid for one that says too little."""
    if not source.get("system") or not source.get("code"):
        raise Invalid("the source needs a system and a code", expression=place)
    if target is not None and (not target.get("system") or not target.get("code")):
        raise Invalid("the target needs a system and a code", expression=place)
    said = equivalence if equivalence is not None else RELATIONSHIPS.get(relationship or "")
    if target is None and said is None and relationship is None:
        said = "unmatched"
    if said not in EQUIVALENCES:
        raise Invalid("a mapping needs an equivalence of R4, or a relationship of R5",
                      expression=place)  # fmt: skip
    if target is None and said != "unmatched":
        raise Invalid("only what is unmatched has no target", expression=place)
    return Mapped(source, target, said, comment)


def mappings_of(concept_map: Resource, place: str) -> Iterable[Mapped]:
    """The mappings of a ConceptMap resource."""
    for g, group in enumerate(concept_map.get("group", ())):
        for e, element in enumerate(group.get("element", ())):
            where = f"{place}.group[{g}].element[{e}]"
            source = _coding(group, "source", element)
            for target in element.get("target", ()):
                if target.get("dependsOn") or target.get("product"):
                    raise Invalid("mappings with dependsOn or product aren't imported: change the "
                                  "resource itself", expression=where)  # fmt: skip
                there = _coding(group, "target", target) if "code" in target else None
                yield mapping(source, there, target.get("equivalence"), None,
                              target.get("comment"), where)  # fmt: skip


def _coding(group: Resource, side: str, element: Resource) -> Resource:
    given = {
        "system": group.get(side),
        "version": group.get(f"{side}Version"),
        "code": element.get("code"),
        "display": element.get("display"),
    }
    return {k: v for k, v in given.items() if v is not None}


def mapped(concept_map: Resource, additions: Iterable[Mapped]) -> Resource:
    """The ConceptMap with more mappings; one that is there, to the same code, is said anew."""
    groups = [
        {**g, "element": [{**e, "target": list(e.get("target", ()))} for e in g["element"]]}
        for g in concept_map.get("group", ())
    ]
    by_ends = {_ends(g): g for g in reversed(groups)}
    elements: dict[int, dict[str, Resource]] = {}
    targets: dict[int, dict[str | None, int]] = {}
    for one in additions:
        ends = (
            one.source["system"],
            one.source.get("version"),
            (one.target or {}).get("system"),
            (one.target or {}).get("version"),
        )
        group = by_ends.get(ends) or (_to_any(groups, one) if one.target is None else None)
        if group is None:
            group = by_ends[ends] = _group(*ends)
            groups.append(group)
        known = elements.get(id(group))
        if known is None:
            known = elements[id(group)] = {e.get("code", ""): e for e in group["element"]}
        code = one.source["code"]
        if code not in known:
            known[code] = _named(one.source)
            group["element"].append(known[code])
        there = known[code].setdefault("target", [])
        _put(there, _placed(targets, there), one)
    for group in groups:
        for element in group["element"]:
            if not element.get("target"):
                element.pop("target", None)
    return {**concept_map, "group": groups}


def _placed(
    known: dict[int, dict[str | None, int]], targets: list[Resource]
) -> dict[str | None, int]:
    """Where each target is; those that depend on other elements stay as they are."""
    found = known.get(id(targets))
    if found is None:
        found = known[id(targets)] = {
            t.get("code"): n
            for n, t in enumerate(targets)
            if not t.get("dependsOn") and not t.get("product")
        }
    return found


def _put(targets: list[Resource], places: dict[str | None, int], one: Mapped) -> None:
    made = _named(one.target or {}) | {"equivalence": one.equivalence}
    made |= {"comment": one.comment} if one.comment else {}
    place = places.setdefault(made.get("code"), len(targets))
    if place < len(targets):
        targets[place] = targets[place] | made
    else:
        targets.append(made)


def _named(coding: Resource) -> Resource:
    return {k: coding[k] for k in ("code", "display") if k in coding}


def _ends(group: Resource) -> tuple[str | None, ...]:
    names = ("source", "sourceVersion", "target", "targetVersion")
    return tuple(group.get(name) for name in names)


def _to_any(groups: list[Resource], one: Mapped) -> Resource | None:
    """A group from the system of a code that has no target."""
    wanted = (one.source["system"], one.source.get("version"))
    found = (g for g in groups if (g.get("source"), g.get("sourceVersion")) == wanted)
    return next(found, None)


def _group(
    source: str | None, version: str | None, target: str | None, target_version: str | None
) -> Resource:
    given: Resource = {
        "source": source,
        "sourceVersion": version,
        "target": target,
        "targetVersion": target_version,
        "element": [],
    }
    return {k: v for k, v in given.items() if v is not None}
