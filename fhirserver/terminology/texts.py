"""Does a concept have the words that somebody types? As in a field that completes them.

https://hl7.org/fhir/R4/valueset-operation-expand.html (parameter `filter`)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from fhirserver.terminology.content import Concept

_WORD: Final = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text, folded.

    >>> words("Type-2 Diabetes")
    ['type', '2', 'diabetes']
    """
    return _WORD.findall(text.casefold())


def matcher(text: str) -> Callable[[Concept], bool]:
    """Whether every word of the text begins a word of one name of a concept, or its code.

    >>> matcher("dia typ")(Concept("E11", "Type 2 diabetes"))
    True
    """
    wanted = words(text)
    code = text.strip().casefold()

    def matches(concept: Concept) -> bool:
        if code and concept.code.casefold().startswith(code):
            return True
        names = [concept.display, *(d.value for d in concept.designations)]
        return any(name and _has(words(name), wanted) for name in names)

    return matches


def _has(name: list[str], wanted: list[str]) -> bool:
    return bool(wanted) and all(any(n.startswith(w) for n in name) for w in wanted)
