"""From agreements to a score and a grade.

https://hl7.org/fhir/R4/valueset-match-grade.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.matching.comparing import agreements
from fhirserver.matching.features import Features
from fhirserver.matching.weights import CAPS, PRIOR_BITS, THRESHOLDS, Agreement, Grade

_ORDER: Final[tuple[Grade, ...]] = ("certainly-not", "possible", "probable", "certain")
_DEMOGRAPHIC: Final = frozenset({"family", "given", "birthDate", "gender"})
_NEARBY: Final = frozenset({"same postal code", "same town"})
_CALLED: Final = frozenset({"same", "short form"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether two records are one person.

    `bits` is the sum of the agreements and the prior, `score` the probability that it makes.
    `caps` says why the grade is lower than the score, where it is.
    """

    bits: float
    score: float
    grade: Grade
    agreements: tuple[Agreement, ...]
    caps: tuple[str, ...] = ()


def judged(one: Features, other: Features) -> Judgement:
    """Compare two Patients."""
    found = tuple(agreements(one, other))
    bits = round(PRIOR_BITS + sum(a.bits for a in found), 1)
    score = round(1 / (1 + 2.0**-bits), 4)
    grade: Grade = next((g for g, least in THRESHOLDS if bits >= least), "certainly-not")
    caps = []
    for reason in _reasons(found):
        most = dict(CAPS)[reason]
        if _ORDER.index(grade) > _ORDER.index(most):
            caps.append(reason)
    grade = min((grade, *(dict(CAPS)[r] for r in caps)), key=_ORDER.index)
    if grade == "certainly-not" and any(
        (a.field, a.level) == ("identifier", "same") for a in found
    ):
        # A number that was given twice, or typed for somebody else: people must look at it.
        grade = "possible"
    return Judgement(bits, score, grade, found, tuple(caps))


def _reasons(found: Sequence[Agreement]) -> Iterator[str]:
    """Which of CAPS hold."""
    levels = {a.field: a.level for a in found}
    if levels.get("given") == "other":
        yield "the given names differ"
    if levels.get("multipleBirth") == "other":
        yield "they are different children of a multiple birth"
    if levels.get("birthDate") == "other":
        yield "the birth dates differ"
        if levels.get("gender") == "other":
            yield "both the sex and the birth date differ"
    if levels.get("identifier") == "other national":
        yield "national identifiers differ"
    if levels.get("identifier") != "same":
        # A twin may be called almost so, a parent exactly so.
        if levels.get("given") not in _CALLED:
            yield "the given names aren't quite the same, and no number is"
        if levels.get("birthDate") != "same":
            yield "the birth dates aren't the same to the day, and no number is"
    if all(_is_demographic(a) for a in found if a.bits > 0):
        yield "nothing but name, sex and birth date agrees"


def _is_demographic(agreement: Agreement) -> bool:
    """Whether thousands share it: in one town there are many of a name."""
    return agreement.field in _DEMOGRAPHIC or agreement.level in _NEARBY
