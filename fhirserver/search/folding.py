"""Folding: what makes two texts the same to a search, which is looser than equality.

String search ignores case, accents and extra white space; codes are compared without case.
https://hl7.org/fhir/R4/search.html#string
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

LONGEST: Final = 640
"""Characters of a text that the index keeps: in UTF-8 a B-tree entry has room for 2,700 bytes."""


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """The text without case, accents, or more than single spaces; at most LONGEST characters.

    >>> fold("  Jürgen   VAN DEN BERG ")
    'jurgen van den berg'
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    # PostgreSQL's text holds no NUL character.
    return " ".join(text.casefold().replace("\0", "").split())[:LONGEST].rstrip()


def fold_code(code: str) -> str:
    """A code, identifier value or phone number as tokens compare it: without case.

    >>> fold_code("MRN-007a ")
    'mrn-007a'
    """
    return code.strip().casefold()
