"""What is known of medicines: ingredients, groups, allergens and interactions, from ConceptMaps.

A ConceptMap says by its useContext which of these it tells (CodeSystem medicine-knowledge in
`terminology/medicines`). All that are active are taken together, a hospital's own and those that
come with the server; one with the address of another stands for it.

https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import Code, groups_above

KIND: Final = "https://fhirserver.example/CodeSystem/medicine-knowledge"
PROPERTY: Final = "https://fhirserver.example/medicine-knowledge/"
Severity = Literal["high", "moderate", "low"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""The worst first."""

Related = Callable[[Code], Iterable[Code]]
"""The ingredients of a medicine, as a loaded dictionary of medicines tells them."""


def _nothing(_: Code) -> tuple[Code, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Interaction:
    """Two ingredients or groups that interact."""

    one: Code
    other: Code
    severity: Severity
    explanation: str
    management: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Holds:
    """That an allergen is in an ingredient or group, or cross-reacts with it, and why."""

    code: Code
    is_cross: bool
    comment: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that the checks know."""

    ingredients: Mapping[Code, frozenset[Code]] = field(default_factory=dict)
    groups: Mapping[Code, frozenset[Code]] = field(default_factory=dict)
    allergens: Mapping[Code, tuple[Holds, ...]] = field(default_factory=dict)
    interactions: Mapping[tuple[Code, Code], Interaction] = field(default_factory=dict)
    names: Mapping[Code, str] = field(default_factory=dict)
    known: frozenset[Code] = frozenset()
    """The codes that anything is known of."""
    related: Related = _nothing

    def ingredients_of(self, codes: Iterable[Code]) -> frozenset[Code]:
        """The ingredients of a medicine with these codes; a code that has none is one itself."""
        found: set[Code] = set()
        for code in codes:
            found |= self.ingredients.get(code) or frozenset(self.related(code)) or {code}
        return frozenset(found)

    def groups_of(self, codes: Iterable[Code]) -> frozenset[Code]:
        """The groups of ingredients, as the content tells them; ATC codes name theirs."""
        found: set[Code] = set()
        for code in codes:
            found |= self.groups.get(code, frozenset())
            found |= {g for g in groups_above(code) if g in self.known}
        return frozenset(found)

    def is_told_apart(self, codes: Iterable[Code]) -> bool:
        """Whether the checks know one of these codes itself, not only a group that it is in.

        Of ibuprofen by its ATC code and ibuprofen by its code in RxNorm nobody knows that they are
        the same, though both are known to be antirheumatic.
        """
        return any(
            c in self.known or c in self.ingredients or next(iter(self.related(c)), None)
            for c in codes
        )  # fmt: skip

    def interaction(self, one: Code, other: Code) -> Interaction | None:
        """What is known of two ingredients or groups together."""
        return self.interactions.get((one, other)) or self.interactions.get((other, one))


def short_of(known: Knowledge, codes: Iterable[Code]) -> str:
    """What is known too little of to compare it, in words."""
    codes = list(codes)
    if not codes:
        return "text only"
    if known.groups_of(codes):
        return "a code of which only the group is known here"
    return "a code that isn't known here"


def kind_of(concept_map: Resource) -> str | None:
    """Which knowledge an active ConceptMap tells; None when it tells none of it."""
    if concept_map.get("status") != "active":
        return None
    for context in concept_map.get("useContext", ()):
        for coding in context.get("valueCodeableConcept", {}).get("coding", ()):
            if coding.get("system") == KIND:
                return str(coding.get("code"))
    return None


def knowledge(concept_maps: Iterable[Resource], related: Related = _nothing) -> Knowledge:
    """What these ConceptMaps tell; those that tell nothing of medicines are passed over."""
    ingredients: dict[Code, set[Code]] = defaultdict(set)
    groups: dict[Code, set[Code]] = defaultdict(set)
    allergens: dict[Code, list[Holds]] = defaultdict(list)
    interactions: dict[tuple[Code, Code], Interaction] = {}
    names: dict[Code, str] = {}
    known: set[Code] = set()
    for concept_map in concept_maps:
        kind = kind_of(concept_map)
        if kind is None:
            continue
        for one, other, target in _pairs(concept_map, names):
            match kind:
                case "ingredients":
                    ingredients[one].add(other)
                case "classes":
                    groups[one].add(other)
                case "allergens":
                    allergens[one].append(_holds(concept_map, other, target))
                case "interactions":
                    _add(interactions, _interaction(concept_map, one, other, target))
                case _:
                    continue
            known |= {other} if kind == "allergens" else {one, other}
    return Knowledge(
        {k: frozenset(v) for k, v in ingredients.items()},
        {k: frozenset(v) for k, v in groups.items()},
        {k: tuple(v) for k, v in allergens.items()},
        interactions,
        names,
        frozenset(known),
        related,
    )


def _pairs(concept_map: Resource, names: dict[Code, str]) -> Iterator[tuple[Code, Code, Resource]]:
    for group in concept_map.get("group", ()):
        for element in group.get("element", ()):
            if "code" not in element:
                continue
            one = Code(group.get("source", ""), element["code"])
            names.setdefault(one, element.get("display") or one.code)
            for target in element.get("target", ()):
                if "code" in target and target.get("equivalence") not in {"unmatched", "disjoint"}:
                    other = Code(group.get("target", ""), target["code"])
                    names.setdefault(other, target.get("display") or other.code)
                    yield one, other, target


def _title(concept_map: Resource) -> str:
    return str(concept_map.get("title") or concept_map.get("name") or concept_map.get("url", ""))


def _holds(concept_map: Resource, code: Code, target: Resource) -> Holds:
    is_cross = target.get("equivalence") == "relatedto"
    return Holds(code, is_cross, target.get("comment"), _title(concept_map))


def _interaction(concept_map: Resource, one: Code, other: Code, target: Resource) -> Interaction:
    told = {p.get("property", ""): p.get("value") for p in target.get("product", ())}
    # What says nothing of its severity is shown, and forces nobody.
    severities = {str(s): s for s in SEVERITIES}
    severity = severities.get(str(told.get(f"{PROPERTY}severity")), SEVERITIES[1])
    return Interaction(
        one,
        other,
        severity,
        str(target.get("comment") or "These medicines interact."),
        told.get(f"{PROPERTY}management"),
        str(told.get(f"{PROPERTY}source") or _title(concept_map)),
    )


def _add(interactions: dict[tuple[Code, Code], Interaction], found: Interaction) -> None:
    """Of two that are told of the same pair, the more severe."""
    for key in ((found.one, found.other), (found.other, found.one)):
        there = interactions.get(key)
        if there is not None:
            if SEVERITIES.index(found.severity) < SEVERITIES.index(there.severity):
                interactions[key] = found
            return
    interactions[found.one, found.other] = found
