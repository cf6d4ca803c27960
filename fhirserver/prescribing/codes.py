"""Codes as the checks compare them: a code system and a code, without version and words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from fhirserver.model.resource import Resource

RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC: Final = "http://www.whocc.no/atc"
# Where the levels of the ATC classification end: C, C09, C09A, C09AA, C09AA03.
_ATC_LEVELS: Final = (3, 4, 5)


class Code(NamedTuple):
    """One code of a code system."""

    system: str
    code: str


def codes_of(concept: Resource | None) -> Iterator[Code]:
    """The codes of a CodeableConcept that have a system."""
    for coding in (concept or {}).get("coding", ()):
        if coding.get("system") and coding.get("code"):
            yield Code(coding["system"], coding["code"])


def words_of(concept: Resource | None) -> str | None:
    """What a CodeableConcept is called."""
    if concept is None:
        return None
    shown = (c.get("display") for c in concept.get("coding", ()))
    return concept.get("text") or next(filter(None, shown), None)


def groups_above(code: Code) -> Iterator[Code]:
    """An ATC code and the groups that it is in, down to the third level.

    >>> [c.code for c in groups_above(Code(ATC, "C09AA03"))]
    ['C09AA03', 'C09', 'C09A', 'C09AA']
    """
    if code.system == ATC:
        yield code
        for end in _ATC_LEVELS:
            if end < len(code.code):
                yield Code(ATC, code.code[:end])
