"""The grammar of `_filter`: text to a tree.

    given eq "peter" and (birthdate ge 2014-10-10 or not (gender eq male))
    subject[active eq true].name co "pet"

`and` and `or` have the same rank and go from left to right. https://hl7.org/fhir/R4/search_filter.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from fhirserver.errors import Invalid, TooCostly

OPERATORS: Final = frozenset(
    ["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb",
     "in", "re"]
)  # fmt: skip
MAX_DEPTH: Final = 32
MAX_TERMS: Final = 100
_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"(and|or|not)\b")
_NAME: Final = re.compile(r"[A-Za-z_][\w\-]*(?::[A-Za-z]+)?")
_OPERATOR: Final = re.compile(r"[a-z]{2}(?=\s)")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
# A token ends at a space or a closing bracket that it hasn't opened, as `[lb_av]` has.
_TOKEN: Final = re.compile(r"(?:[^\s()\[\]\"]|\[[^\s\[\]]*\])+")


@dataclass(frozen=True, slots=True)
class Segment:
    """One name of a path, and what the resources that it refers to must meet."""

    name: str
    where: Filter | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`."""

    path: tuple[Segment, ...]
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Negation:
    """`not (filter)`."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class Logical:
    """Two filters joined."""

    operator: Literal["and", "or"]
    left: Filter
    right: Filter


Filter = Comparison | Negation | Logical


def parse(text: str) -> Filter:
    """The tree of an expression; Invalid, with the position, when it isn't one."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.terms = 1

    def whole(self) -> Filter:
        found = self.filter()
        if self.at < len(self.text):
            raise self.error("and, or, or the end")
        return found

    def error(self, expected: str) -> Invalid:
        return Invalid(f"_filter: expected {expected} at character {self.at + 1}")

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """What matches here, moving past it and the space that follows."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        self.skip()
        return match[0]

    def skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def mark(self, char: str) -> bool:
        if not self.text.startswith(char, self.at):
            return False
        self.at += 1
        self.skip()
        return True

    def filter(self) -> Filter:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooCostly(f"_filter: nested deeper than {MAX_DEPTH}")
        self.skip()
        found = self.term()
        while True:
            start = self.at
            word = self.take(_WORD)
            if word in {"and", "or"}:
                self.terms += 1
                if self.terms > MAX_TERMS:
                    raise TooCostly(f"_filter: more than {MAX_TERMS} terms")
            if word == "and":
                found = Logical("and", found, self.term())
            elif word == "or":
                found = Logical("or", found, self.term())
            else:
                self.at = start
                self.depth -= 1
                return found

    def term(self) -> Filter:
        if self.mark("("):
            return self.closed()
        start = self.at
        if self.take(_WORD) == "not" and self.mark("("):
            return Negation(self.closed())
        self.at = start
        return self.comparison()

    def closed(self) -> Filter:
        found = self.filter()
        if not self.mark(")"):
            raise self.error(")")
        return found

    def comparison(self) -> Comparison:
        path = self.path()
        self.skip()
        start = self.at
        operator = self.take(_OPERATOR)
        if operator not in OPERATORS:
            self.at = start
            raise self.error("an operator such as eq")
        return Comparison(path, operator or "", self.value())

    def path(self) -> tuple[Segment, ...]:
        segments: list[Segment] = []
        while True:
            name = _NAME.match(self.text, self.at)
            if name is None:
                raise self.error("the name of a search parameter")
            self.at = name.end()
            where = None
            if self.mark("["):
                where = self.filter()
                if not self.text.startswith("]", self.at):
                    raise self.error("]")
                self.at += 1
            segments.append(Segment(name[0], where))
            if not self.text.startswith(".", self.at):
                return tuple(segments)
            self.at += 1

    def value(self) -> str:
        start = self.at
        text = self.take(_STRING)
        if text is not None:
            try:
                return str(msgspec.json.decode(text))
            except msgspec.DecodeError:
                self.at = start
                raise self.error("a JSON string") from None
        text = self.take(_TOKEN)
        if text is None:
            raise self.error("a value")
        return text
