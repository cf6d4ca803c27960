"""The characters that structure a message, as its header declares them.

HL7 v2.8.2, 2.5.4 (message delimiters), MSH-1 and MSH-2. Characters that MSH-2 leaves out aren't in
use: a sender without subcomponents may write `^~` and then `&` is a letter like any other.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hl7v2_gateway.er7.places import Place
from hl7v2_gateway.er7.problems import DATA_TYPE, SEQUENCE, Malformed, Problem

HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})
"""Segments whose first field is the separator itself."""
RECOMMENDED: Final = "^~\\&"
_SIGNS: Final = frozenset(string.punctuation)
"""What can be a delimiter: no letter, and nothing that another character set has elsewhere."""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """An empty string is a delimiter that the message doesn't use."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""
    """Version 2.7 and later: a value that ends in it was cut short."""

    @property
    def encoding_characters(self) -> str:
        """MSH-2.

        >>> Delimiters().encoding_characters
        '^~\\\\&'
        """
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation


STANDARD: Final = Delimiters()


@lru_cache(maxsize=256)
def of(
    separator: str, declared: str, segment: str = "MSH"
) -> tuple[Delimiters, tuple[Problem, ...]]:
    """The delimiters for MSH-1 and MSH-2, and what is odd about them.

    >>> of("|", "^~")[0].subcomponent
    ''
    """
    place = Place(segment, 1, 2)
    if separator not in _SIGNS:
        raise Malformed(
            SEQUENCE, Place(segment, 1, 1), "the fourth character must be the field separator"
        )
    if not _SIGNS.issuperset(declared):
        raise Malformed(DATA_TYPE, place, "must hold the encoding characters, as ^~\\&")
    if not declared:
        problem = Problem(DATA_TYPE, place, "is empty; read as if it were ^~\\&")
        return Delimiters(separator, *RECOMMENDED), (problem,)
    problems = []
    if len(declared) > 5:
        problems.append(
            Problem(DATA_TYPE, place, "has more than five characters; the rest is unused")
        )
    chosen: list[str] = []
    for character in declared[:5]:
        if character in chosen:
            problems.append(
                Problem(DATA_TYPE, place, "repeats a character; only its first use counts")
            )
            character = ""
        chosen.append(character)
    if declared[:4] != RECOMMENDED and not problems:
        problems.append(
            Problem(DATA_TYPE, place, "differs from the recommended ^~\\&; used as declared", "I")
        )
    chosen += [""] * (5 - len(chosen))
    return Delimiters(separator, *chosen), tuple(problems)
