"""A medicine against the allergies on record.

By the same code, by a shared ingredient, by a group that the allergen stands for, and by known
cross-reactions. https://hl7.org/fhir/R4/allergyintolerance.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import Code, codes_of, words_of
from fhirserver.prescribing.finding import Finding, Unchecked, short
from fhirserver.prescribing.knowledge import Knowledge, Severity, short_of
from fhirserver.prescribing.medicine import Medicine, reference_to
from fhirserver.prescribing.wording import Words

SNOMED: Final = "http://snomed.info/sct"
# No allergy of any kind, to medicines, food, the environment, latex.
NONE_KNOWN: Final = frozenset(
    Code(SNOMED, c) for c in ("716186003", "409137002", "428607008", "429625007", "1003774007")
)
_OVER: Final = frozenset({"inactive", "resolved"})
_WRONG: Final = frozenset({"refuted", "entered-in-error"})
_UNSURE: Final = frozenset({"unconfirmed", "presumed"})
_MILDER: Final[dict[Severity, Severity]] = {"high": "moderate", "moderate": "low", "low": "low"}


class _Match(NamedTuple):
    how: str
    is_cross: bool
    source: str


def allergy_findings(
    medicine: Medicine, allergies: Iterable[Resource], known: Knowledge
) -> Iterator[Finding]:
    """What the allergies that hold now say against a medicine, one finding for each."""
    for allergy in allergies:
        if not _holds_now(allergy):
            continue
        match = _match(medicine, allergy, known)
        if match is not None:
            yield _finding(medicine, allergy, match, known.words)


def unchecked_allergies(allergies: Iterable[Resource], known: Knowledge) -> Iterator[Unchecked]:
    """Allergies that may be to medicines, and that no medicine can be compared with."""
    for allergy in allergies:
        codes = set(_allergens(allergy))
        if not _holds_now(allergy) or codes & NONE_KNOWN:
            continue
        categories = allergy.get("category", ())
        if categories and not {"medication", "biologic"} & set(categories):
            continue
        if not any(_is_known(c, known) for c in codes):
            told = known.words["allergy.unchecked"].format(what=short_of(known, codes))
            yield Unchecked(reference_to(allergy), told)


def _is_known(code: Code, known: Knowledge) -> bool:
    return code in known.allergens or known.is_told_apart([code])


def _holds_now(allergy: Resource) -> bool:
    clinical = {c.code for c in codes_of(allergy.get("clinicalStatus"))}
    verification = {c.code for c in codes_of(allergy.get("verificationStatus"))}
    return not clinical & _OVER and not verification & _WRONG


def _allergens(allergy: Resource) -> Iterator[Code]:
    """What the allergy is to: its code, and the substances that caused its reactions."""
    yield from codes_of(allergy.get("code"))
    for reaction in allergy.get("reaction", ()):
        yield from codes_of(reaction.get("substance"))


def _match(medicine: Medicine, allergy: Resource, known: Knowledge) -> _Match | None:
    """The strongest way in which the allergen is in the medicine; None when it isn't."""
    words = known.words
    found: list[_Match] = []
    for code in _allergens(allergy):
        if code in medicine.everything:
            return _Match(words["allergy.itself"], is_cross=False, source=words["source.code"])
        shared = known.ingredients_of([code]) & medicine.ingredients
        if shared:
            names = ", ".join(sorted(known.names.get(c, c.code) for c in shared))
            how = words["allergy.shared"].format(names=names)
            return _Match(how, is_cross=False, source=words["source.ingredients"])
        for holds in known.allergens.get(code, ()):
            if holds.code in medicine.everything:
                name = known.names.get(holds.code, holds.code.code)
                if holds.is_cross:
                    comment = holds.comment or ""
                    how = words["allergy.cross"].format(name=name, comment=comment).strip()
                else:
                    how = words["allergy.holds"].format(name=name)
                found.append(_Match(how, holds.is_cross, holds.source))
    return min(found, key=lambda m: m.is_cross, default=None)


def _finding(medicine: Medicine, allergy: Resource, match: _Match, words: Words) -> Finding:
    allergen = words_of(allergy.get("code")) or words["substance"]
    word = words["intolerance" if allergy.get("type") == "intolerance" else "allergy"]
    reactions = ", ".join(sorted(_reactions(allergy)))
    unsure = {c.code for c in codes_of(allergy.get("verificationStatus"))} & _UNSURE
    about = {"allergen": allergen, "medicine": medicine.name, "how": match.how}
    detail = words["allergy.detail"].format(word=word, **about)
    if reactions:
        detail += words["allergy.reactions"].format(reactions=reactions)
    if unsure:
        detail += words["allergy.unsure"]
    capital = word[:1].upper() + word[1:]
    return Finding(
        kind="allergy",
        severity=_severity(allergy, is_cross=match.is_cross, is_unsure=bool(unsure)),
        summary=short(words["allergy.summary"].format(word=capital, **about)),
        detail=detail.replace("..", "."),
        management=words["allergy.management"],
        source=match.source,
        medicine=medicine,
        against=(reference_to(allergy),),
    )


def _reactions(allergy: Resource) -> set[str]:
    shown = (words_of(m) for r in allergy.get("reaction", ()) for m in r.get("manifestation", ()))
    return {text for text in shown if text}


def _severity(allergy: Resource, *, is_cross: bool, is_unsure: bool) -> Severity:
    """High, and milder for each of: low criticality, an intolerance, doubt, a cross-reaction.

    A high criticality outweighs that it is called an intolerance, and doubt.
    """
    criticality = allergy.get("criticality")
    severity: Severity = "high"
    steps = [is_cross]
    if criticality != "high":
        steps += [criticality == "low" or allergy.get("type") == "intolerance", is_unsure]
    for step in steps:
        if step:
            severity = _MILDER[severity]
    return severity
