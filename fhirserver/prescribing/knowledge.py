"""What is known of medicines: ingredients, groups, allergens and interactions, from ConceptMaps.

A ConceptMap says by its useContext which of these it tells (CodeSystem medicine-knowledge in
`terminology/medicines`). All that are active are taken together, a hospital's own and those that
come with the server; one with the address of another stands for it.

https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, get_args

from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import Code, groups_above
from fhirserver.prescribing.wording import ENGLISH, WORDS, Language, Words, translated

KIND: Final = "https://fhirserver.example/CodeSystem/medicine-knowledge"
_LIMIT: Final = re.compile(r"(?P<sign>[<>])(?P<number>[0-9]+(\.[0-9]+)?)")
_USUAL_DAYS: Final = 90
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
class Limit:
    """A result of the laboratory at which a medicine harms, or needs another dose.

    `measure` is what was measured; a result beyond `number` (in `unit`, of UCUM) of the last `days`
    counts.
    """

    measure: Code
    is_below: bool
    number: Decimal
    unit: str
    days: int
    severity: Severity
    explanation: str
    management: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Interval:
    """How many days after an examination another one of the same kind tells nothing new."""

    days: int
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
    limits: Mapping[Code, tuple[Limit, ...]] = field(default_factory=dict)
    measures: Mapping[Code, Code] = field(default_factory=dict)
    """Codes of results to the one by which limits name what they measure."""
    intervals: Mapping[Code, Interval] = field(default_factory=dict)
    names: Mapping[Code, str] = field(default_factory=dict)
    known: frozenset[Code] = frozenset()
    """The codes that anything is known of."""
    related: Related = _nothing
    words: Words = field(default_factory=lambda: ENGLISH)
    """The language in which it is told."""

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

    def limits_of(self, codes: Iterable[Code]) -> tuple[Limit, ...]:
        """The limits for a medicine with these codes, ingredients and groups."""
        return tuple(limit for code in codes for limit in self.limits.get(code, ()))

    @property
    def measured(self) -> frozenset[Code]:
        """The codes of all results that a limit is about."""
        wanted = {limit.measure for limits in self.limits.values() for limit in limits}
        return frozenset(wanted | {c for c, m in self.measures.items() if m in wanted})

    def interaction(self, one: Code, other: Code) -> Interaction | None:
        """What is known of two ingredients or groups together."""
        return self.interactions.get((one, other)) or self.interactions.get((other, one))


def short_of(known: Knowledge, codes: Iterable[Code]) -> str:
    """What is known too little of to compare it, in words."""
    codes = list(codes)
    if not codes:
        return known.words["text only"]
    return known.words["group only" if known.groups_of(codes) else "code unknown"]


def kind_of(concept_map: Resource) -> str | None:
    """Which knowledge an active ConceptMap tells; None when it tells none of it."""
    if concept_map.get("status") != "active":
        return None
    for context in concept_map.get("useContext", ()):
        for coding in context.get("valueCodeableConcept", {}).get("coding", ()):
            if coding.get("system") == KIND:
                return str(coding.get("code"))
    return None


def knowledge(
    concept_maps: Iterable[Resource], related: Related = _nothing, language: Language = "en"
) -> Knowledge:
    """What these ConceptMaps tell; those that tell nothing of medicines are passed over."""
    ingredients: dict[Code, set[Code]] = defaultdict(set)
    groups: dict[Code, set[Code]] = defaultdict(set)
    allergens: dict[Code, list[Holds]] = defaultdict(list)
    interactions: dict[tuple[Code, Code], Interaction] = {}
    limits: dict[Code, list[Limit]] = defaultdict(list)
    measures: dict[Code, Code] = {}
    intervals: dict[Code, Interval] = {}
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
                    allergens[one].append(_holds(concept_map, other, target, language))
                case "interactions":
                    _add(interactions, _interaction(concept_map, one, other, target, language))
                case "limits":
                    limits[one] += _limits(concept_map, other, target, language)
                case "measures":
                    measures[one] = other
                case "intervals":
                    intervals.update((one, i) for i in _intervals(concept_map, target, language))
                case _:
                    continue
            known |= _told_of(kind, one, other)
    return Knowledge(
        {k: frozenset(v) for k, v in ingredients.items()},
        {k: frozenset(v) for k, v in groups.items()},
        {k: tuple(v) for k, v in allergens.items()},
        interactions,
        {k: tuple(v) for k, v in limits.items()},
        measures,
        intervals,
        names,
        frozenset(known),
        related,
        WORDS[language],
    )


def _told_of(kind: str, one: Code, other: Code) -> set[Code]:
    """Which of two codes are medicines, of which something is known by that."""
    match kind:
        case "allergens":
            return {other}
        case "limits":
            return {one}
        case "measures" | "intervals":
            return set()
        case _:
            return {one, other}


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


def _title(concept_map: Resource, language: Language) -> str:
    title = translated(concept_map, "title", language)
    return title or str(concept_map.get("name") or concept_map.get("url", ""))


def _holds(concept_map: Resource, code: Code, target: Resource, language: Language) -> Holds:
    is_cross = target.get("equivalence") == "relatedto"
    comment = translated(target, "comment", language)
    return Holds(code, is_cross, comment, _title(concept_map, language))


def _interaction(
    concept_map: Resource, one: Code, other: Code, target: Resource, language: Language
) -> Interaction:
    told = _products(target, language)
    return Interaction(
        one,
        other,
        _severity(told),
        translated(target, "comment", language) or WORDS[language]["interaction.unexplained"],
        told.get("management"),
        told.get("source") or _title(concept_map, language),
    )


def _limits(
    concept_map: Resource, measure: Code, target: Resource, language: Language
) -> Iterator[Limit]:
    """The limit that a target tells; none when it can't be read, as `<30` or `>5.5`."""
    told = _products(target, language)
    found = _LIMIT.fullmatch(told.get("limit") or "")
    if found is not None and told.get("unit"):
        yield Limit(
            measure,
            found["sign"] == "<",
            Decimal(found["number"]),
            told["unit"],
            _days(told),
            _severity(told),
            translated(target, "comment", language) or WORDS[language]["result.unexplained"],
            told.get("management"),
            told.get("source") or _title(concept_map, language),
        )


def _intervals(concept_map: Resource, target: Resource, language: Language) -> Iterator[Interval]:
    told = _products(target, language)
    if "days" in told:
        yield Interval(_days(told), told.get("source") or _title(concept_map, language))


def _products(target: Resource, language: Language) -> dict[str, str]:
    """What a target tells besides, by the last part of the property's address."""
    return {
        str(p.get("property", "")).removeprefix(PROPERTY): str(translated(p, "value", language))
        for p in target.get("product", ())
        if p.get("value") is not None
    }


def _severity(told: Mapping[str, str]) -> Severity:
    """The severity; what says nothing of it is shown, and forces nobody."""
    severities = {str(s): s for s in SEVERITIES}
    return severities.get(told.get("severity", ""), SEVERITIES[1])


def _days(told: Mapping[str, str]) -> int:
    text = told.get("days", "")
    return int(text) if text.isdecimal() else _USUAL_DAYS


def _add(interactions: dict[tuple[Code, Code], Interaction], found: Interaction) -> None:
    """Of two that are told of the same pair, the more severe."""
    for key in ((found.one, found.other), (found.other, found.one)):
        there = interactions.get(key)
        if there is not None:
            if SEVERITIES.index(found.severity) < SEVERITIES.index(there.severity):
                interactions[key] = found
            return
    interactions[found.one, found.other] = found
