"""$translate: a code in the words of another code system, by concept maps.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.model.canonicals import split
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.terminology.concept_maps import ConceptMap, Group, Target
from fhirserver.terminology.library import Shelf
from fhirserver.terminology.versions import fits

# A mapping of these kinds says that there is no translation.
_NONE: Final = frozenset({"unmatched", "disjoint"})
_TURNED: Final = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
_DEEPEST: Final = 10


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be translated, and into what."""

    codings: Sequence[Resource]
    source: str | None = None
    """The value set that the code comes from."""
    target: str | None = None
    """The value set that the translation must be for."""
    target_system: str | None = None
    dependencies: tuple[tuple[str, Any], ...] = ()
    is_reverse: bool = False
    tells_both: bool = False
    """In reverse: tell the code asked about and its source, as R5 does, not only the source."""


@dataclass(frozen=True, slots=True)
class Match:
    """A translation, or that a map says that there is none."""

    concept_map: ConceptMap
    system: str | None
    version: str | None
    code: str | None
    target: Target
    source: Resource | None = None
    """In reverse: the code that the map translates into the one asked about."""

    @property
    def is_translation(self) -> bool:
        return self.target.equivalence not in _NONE


def translate(shelf: Shelf, maps: Iterable[ConceptMap], question: Question) -> Resource:
    """The answer: whether there is a translation, and all that the maps say."""
    found: list[Match] = []
    for concept_map in maps:
        if not _is_for(concept_map, question):
            continue
        for coding in question.codings:
            found += _matches(shelf, concept_map, coding, question, 0)
    result = any(m.is_translation for m in found)
    message = None if result else "no concept map translates this code"
    return parameters(
        [
            value("result", "boolean", result),
            value("message", "string", message) if message else None,
            *(_part(m) for m in found),
        ]
    )


def _is_for(concept_map: ConceptMap, question: Question) -> bool:
    """Whether a map is between the value sets that are asked for, where both say so."""
    source, target = concept_map.source, concept_map.target
    if question.is_reverse:
        source, target = target, source
    return _is_same(question.source, source) and _is_same(question.target, target)


def _is_same(wanted: str | None, own: str | None) -> bool:
    return wanted is None or own is None or split(wanted)[0] == split(own)[0]


def _matches(
    shelf: Shelf, concept_map: ConceptMap, coding: Resource, question: Question, depth: int
) -> Iterator[Match]:
    for group in concept_map.groups:
        if question.is_reverse:
            yield from _reverse(concept_map, group, coding, question)
        else:
            yield from _forward(shelf, concept_map, group, coding, question, depth)


def _forward(
    shelf: Shelf,
    concept_map: ConceptMap,
    group: Group,
    coding: Resource,
    question: Question,
    depth: int,
) -> Iterator[Match]:
    system = coding.get("system")
    if system is not None and group.source is not None and group.source != system:
        return
    if not _is_wanted(group.target, question.target_system):
        return
    version, own = coding.get("version"), group.source_version
    if version is not None and own is not None and not fits(version, own):
        return
    code = str(coding.get("code"))
    targets = group.targets.get(code)
    if targets is None:
        yield from _unmapped(shelf, concept_map, group, coding, question, depth)
        return
    for target in targets:
        if _depends(target, question):
            yield Match(concept_map, group.target, group.target_version, target.code, target)


def _unmapped(
    shelf: Shelf,
    concept_map: ConceptMap,
    group: Group,
    coding: Resource,
    question: Question,
    depth: int,
) -> Iterator[Match]:
    """What a group says of codes that it doesn't list."""
    unmapped = group.unmapped or {}
    match unmapped.get("mode"):
        case "provided":
            same = Target(coding.get("code"), "equal", coding.get("display"))
            yield Match(concept_map, group.target, None, same.code, same)
        case "fixed":
            fixed = Target(unmapped.get("code"), "relatedto", unmapped.get("display"))
            yield Match(concept_map, group.target, None, fixed.code, fixed)
        case "other-map" if depth < _DEEPEST:
            other = shelf.concept_map(str(unmapped.get("url")))
            if other is not None:
                yield from _matches(shelf, other, coding, question, depth + 1)
        case _:
            return


def _reverse(
    concept_map: ConceptMap, group: Group, coding: Resource, question: Question
) -> Iterator[Match]:
    """The codes that are mapped to this one. `target_system` is the system it is of."""
    system = coding.get("system")
    if system is not None and group.target is not None and group.target != system:
        return
    if not _is_wanted(group.source, question.target_system):
        return
    for code, target in group.sources.get(str(coding.get("code")), ()):
        if question.tells_both:
            source = {"system": group.source, "code": code}
            yield Match(
                concept_map, group.target, group.target_version, target.code, target, source
            )
        else:
            # Seen from the other end, what was wider is narrower.
            turned = Target(code, _TURNED.get(target.equivalence, target.equivalence))
            yield Match(concept_map, group.source, group.source_version, code, turned)


def _is_wanted(system: str | None, wanted: str | None) -> bool:
    return wanted is None or system is None or system == wanted


def _depends(target: Target, question: Question) -> bool:
    """Whether what a mapping depends on is the case, as far as the question says."""
    given = dict(question.dependencies)
    return all(
        given.get(str(d.get("property"))) in {d.get("value"), d.get("system")}
        for d in target.depends_on
    )


def _part(match: Match) -> Resource:
    concept = {
        "system": match.system,
        "version": match.version,
        "code": match.code,
        "display": match.target.display,
    }
    kept = {k: v for k, v in concept.items() if v is not None}
    return parts(
        "match",
        [
            value("equivalence", "code", match.target.equivalence),
            value("concept", "Coding", kept) if match.code else None,
            value("source", "Coding", match.source) if match.source else None,
            *(_product(p) for p in match.target.products),
            value("comment", "string", match.target.comment) if match.target.comment else None,
            value("originMap", "canonical", match.concept_map.canonical),
        ],
    )


def _product(product: Resource) -> Resource:
    concept = {"system": product.get("system"), "code": product.get("value")}
    return parts(
        "product",
        [
            value("element", "uri", product.get("property")),
            value("concept", "Coding", {k: v for k, v in concept.items() if v}),
        ],
    )
