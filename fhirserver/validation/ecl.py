"""Whether a text is an expression constraint of SNOMED CT: its syntax, not what its codes mean.

https://confluence.ihtsdotools.org/display/DOCECL, filters of ValueSets by `constraint`:
https://hl7.org/fhir/R4/snomedct.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

# Longer ones, and those that take more steps, are taken for right.
_LONGEST: Final = 10_000
_MOST_STEPS: Final = 20_000
_DEEPEST: Final = 40

_TOKEN: Final = re.compile(
    r"""\s+|/\*.*?\*/
    |(?P<filter>\{\{.*?\}\})
    |(?P<id>\d{6,18}(?:\s*\|[^|]*\|)?)
    |(?P<operator><<!|<<|<!|>>!|>>|>!|!!>|!!<)
    |(?P<compare>!=|<=|>=|=)
    |(?P<angle>[<>])
    |(?P<number>\#[+-]?\d+(?:\.\d+)?)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<cardinality>\[\s*\d+\s*(?:\.\.|to)\s*(?:\d+|\*|many)\s*\])
    |(?P<fields>\[[^\]]*\])
    |(?P<word>[A-Za-z]+)
    |(?P<mark>[(){}:.,^*])""",
    re.VERBOSE | re.DOTALL,
)


class _Wrong(Exception):
    """The text can't be read as it was tried."""


class _Undecided(Exception):
    """It takes more than anybody would write."""


def is_constraint(text: str) -> bool:
    """Whether a text is an expression constraint.

    >>> is_constraint("<< 73211009 |Diabetes mellitus|: 363698007 = << 113331007")
    True
    >>> is_constraint("234234 << 234234")
    False
    """
    if len(text) > _LONGEST:
        return True
    try:
        reader = _Reader(text)
        reader.constraint(0)
        reader.end()
    except _Wrong:
        return False
    except _Undecided:
        return True
    return True


class _Reader:
    """The tokens of one text, and where it stands among them."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._steps = 0
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise _Wrong
            if found.lastgroup is not None:
                self._tokens.append((found.lastgroup, found[0]))
            at = found.end()

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise _Wrong

    def _is(self, kind: str, *texts: str) -> bool:
        """Whether such a token comes next."""
        if self._at >= len(self._tokens):
            return False
        found, text = self._tokens[self._at]
        return found == kind and (not texts or text.upper() in texts)

    def _take(self, kind: str, *texts: str) -> bool:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _Undecided
        is_next = self._is(kind, *texts)
        self._at += is_next
        return is_next

    def _need(self, kind: str, *texts: str) -> None:
        if not self._take(kind, *texts):
            raise _Wrong

    def constraint(self, depth: int) -> None:
        """One simple constraint, refined, combined with others, or the value of an attribute."""
        if depth > _DEEPEST:
            raise _Undecided
        self._simple(depth)
        if self._take("mark", ":"):
            self._refinement(depth + 1)
        elif self._take("word", "MINUS"):
            self._simple(depth)
        elif self._is("mark", "."):
            while self._take("mark", "."):
                self._simple(depth)
        else:
            self._more(lambda: self._simple(depth))

    def _more(self, one: Callable[[], None]) -> None:
        """Further ones, all joined by AND or all by OR."""
        if self._is("word", "OR"):
            while self._take("word", "OR"):
                one()
        else:
            while self._take("mark", ",") or self._take("word", "AND"):
                one()

    def _simple(self, depth: int) -> None:
        if not self._take("operator"):
            self._take("angle")
        if self._take("mark", "^"):
            self._take("fields")
        if self._take("mark", "("):
            self.constraint(depth + 1)
            self._need("mark", ")")
        elif not self._take("mark", "*"):
            self._need("id")
        while self._take("filter"):
            pass

    def _refinement(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise _Undecided
        self._part(depth)
        self._more(lambda: self._part(depth))

    def _part(self, depth: int) -> None:
        """A group of attributes, one attribute, or a refinement in brackets."""
        start = self._at
        self._take("cardinality")
        if self._take("mark", "{"):
            self._refinement(depth + 1)
            self._need("mark", "}")
            return
        try:
            self._attribute(depth)
        except _Wrong:
            self._at = start
            self._need("mark", "(")
            self._refinement(depth + 1)
            self._need("mark", ")")

    def _attribute(self, depth: int) -> None:
        self._take("word", "R")
        self._simple(depth)
        if not self._take("compare"):
            self._need("angle")
        if self._take("number") or self._take("string") or self._take("word", "TRUE", "FALSE"):
            return
        start = self._at
        if self._take("mark", "(") and self._take("string"):
            while self._take("string"):
                pass
            self._need("mark", ")")
            return
        self._at = start
        self._simple(depth)
