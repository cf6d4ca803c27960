"""Names of people: case, accents and width say nothing (PS3.4 C.2.2.2.1, PS3.5 6.2.1).

A key of one component group is met by any of the groups of a name, so that a Japanese name is
found by its ideographs and by its Latin letters; a key of several needs each of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

from dicom_gateway.matching.wildcards import has_wildcards, pattern

GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_WORDS: Final = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """A name without case, accents and width, nor the delimiters that end it.

    >>> folded("Müller^José^^ ")
    'muller^jose'
    """
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    parts = [p.strip() for p in text.split("^")]
    return "^".join(parts).rstrip("^")


def groups(name: Any) -> list[str]:
    """The component groups of a name of the JSON model, or of a text with `=` between them."""
    if isinstance(name, Mapping):
        return [str(name.get(g) or "") for g in GROUPS]
    return [*str(name or "").split("="), "", "", ""][:3]


def name_test(key: Any, *, is_fuzzy: bool = False) -> Callable[[Any], bool]:
    """Whether a name meets a key."""
    wanted = [folded(g) for g in groups(key)]
    given = [g for g in wanted if g]
    make = _begins if is_fuzzy else _is
    tests = [make(g) if g else None for g in wanted]
    if len(given) <= 1:
        single = next((t for t in tests if t is not None), make(""))

        def meets_any(name: Any) -> bool:
            there = [folded(g) for g in groups(name) if g]
            return any(map(single, there)) if there else single("")

        return meets_any

    def meets_each(name: Any) -> bool:
        pairs = zip(tests, groups(name), strict=True)
        return all(test(folded(group)) for test, group in pairs if test is not None)

    return meets_each


def _is(key: str) -> Callable[[str], bool]:
    if not has_wildcards(key):
        return key.__eq__
    compiled = pattern(key)
    # "Doe^*" asks for Doe with whatever follows, also with nothing.
    bare = key.removesuffix("^*") if key.endswith("^*") else None
    bare = None if bare is None or has_wildcards(bare) else bare
    return lambda name: bool(compiled.fullmatch(name)) or name == bare


def _begins(key: str) -> Callable[[str], bool]:
    """Each word of the key begins a word of the name, in whatever order."""
    words = _WORDS.findall(key)
    return lambda name: all(any(w.startswith(k) for w in _WORDS.findall(name)) for k in words)
