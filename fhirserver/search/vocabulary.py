"""Searching by meaning: `:in`, `:not-in`, `:above`, `:below` of tokens.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Protocol

from fhirserver.errors import NotSupported, TooCostly
from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split, unescape
from fhirserver.search.folding import fold_code
from fhirserver.search.hashing import element
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import AnyElement, Condition, Not, Or

MODIFIERS: Final = frozenset({"in", "not-in", "above", "below"})
MAX_CODES: Final = 10_000
"""Codes that one value may come to."""

Code = tuple[str, str]
"""A system and a code."""


class Vocabulary(Protocol):
    """What a search asks of terminology; the methods raise errors.FhirError for the unknown."""

    def members(self, value_set: str) -> Iterable[Code]:
        """The codes of a value set, by its address or as `ValueSet/[id]`."""
        ...

    def below(self, system: str, code: str) -> Iterable[Code]:
        """The code and all that it subsumes."""
        ...

    def above(self, system: str, code: str) -> Iterable[Code]:
        """The code and all that subsume it."""
        ...


def condition(
    parameter: SearchParameter,
    modifier: str,
    values: Sequence[str],
    vocabulary: Vocabulary | None,
) -> Condition:
    """What a parameter with one of MODIFIERS asks for."""
    name = f"{parameter.code}:{modifier}"
    if vocabulary is None:
        raise NotSupported(f"{name} asks for terminology, which only searches do, not conditions")
    found: dict[Code, None] = {}
    for value in values:
        codes = _codes(name, modifier, value, vocabulary)
        found |= dict.fromkeys(islice(codes, MAX_CODES + 1))
        if len(found) > MAX_CODES:
            raise TooCostly(f"{name} comes to more than {MAX_CODES} codes: ask for a narrower one")
    has = _any(parameter, found)
    return Not(has) if modifier == "not-in" else has


def _codes(name: str, modifier: str, value: str, vocabulary: Vocabulary) -> Iterable[Code]:
    if modifier in {"in", "not-in"}:
        return vocabulary.members(unescape(value))
    parts = [unescape(p).strip() for p in split(value, "|")]
    if len(parts) != 2 or not all(parts):
        raise bad_value(name, value, "SYSTEM|CODE")
    return (vocabulary.below if modifier == "below" else vocabulary.above)(*parts)


def _any(parameter: SearchParameter, codes: Iterable[Code]) -> Condition:
    """Plain codes have no system of their own: there the code decides."""
    is_plain = parameter.datatypes == frozenset({"code"})
    spelled = (
        f"c|{fold_code(code)}" if is_plain else f"s|{system}|{fold_code(code)}"
        for system, code in codes
    )
    elements = tuple(dict.fromkeys(element(parameter.code, s) for s in spelled))
    return AnyElement(elements) if elements else Or(())
