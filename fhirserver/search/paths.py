"""The JSON paths of a search parameter: what its FHIRPath comes to when it only walks.

Nearly all of R4's expressions are a few names, an `as`, and at most a `where` on a literal or on
the type a reference resolves to. Written as paths, all parameters of a type are met in one walk
over a resource (plan.py). An expression that does more has no paths, and FHIRPath evaluates it.

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.model.definitions import Definitions, Property

_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<string>'[^'\\]*') | (?P<name>[A-Za-z_]\w*) | (?P<mark>[().|=]) )""", re.VERBOSE
)
# HL7's own slip in Observation's code-value-date.
_MISSPELT: Final = {"DateTime": "dateTime"}


@dataclass(frozen=True, slots=True)
class Step:
    """One JSON property, and the child with a literal value that its object must have."""

    key: str
    where: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """Where values lie, of which datatype, and for references the types they may be to.

    `inside` is the path on which the definitions say what the value contains, `only` the type of
    `where(resolve() is Type)`, `value_set` what the element is bound to.
    """

    steps: tuple[Step, ...]
    datatype: str
    inside: str
    targets: tuple[str, ...] = ()
    only: str | None = None
    value_set: str | None = None


def branches(expression: str) -> list[str]:
    """The operands of an expression's outermost `|`.

    >>> branches("A.b.where(c='|') | (A.d | A.e).f")
    ["A.b.where(c='|')", '(A.d | A.e).f']
    """
    found, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(expression):
        if char == "'":
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
            if char == "|" and depth == 0:
                found.append(expression[start:at].strip())
                start = at + 1
    found.append(expression[start:].strip())
    return [f for f in found if f]


def is_about(branch: str, resource_type: str, definitions: Definitions) -> bool:
    """Whether a branch can find something in a resource of this type."""
    first = re.match(r"[\s(]*([A-Z]\w*)", branch)
    if first is None:
        return True
    try:
        return definitions.is_a(resource_type, first[1])
    except KeyError:
        return False


def paths(expression: str, context: str, definitions: Definitions) -> tuple[Path, ...] | None:
    """The paths of an expression on a type or element path; None when it needs FHIRPath."""
    found: list[Path] = []
    for branch in branches(expression):
        one = _Reader(branch, context, definitions).read()
        if one is None:
            return None
        found += one
    return tuple(dict.fromkeys(found))


def find(item: Any, steps: Sequence[Step]) -> list[Any]:
    """The values at the end of the steps.

    >>> find({"name": [{"given": ["Ada", "Augusta"]}]}, [Step("name"), Step("given")])
    ['Ada', 'Augusta']
    """
    items = [item]
    for step in steps:
        found: list[Any] = []
        for i in items:
            value = i.get(step.key) if type(i) is dict else None
            if value is None:
                continue
            values = value if type(value) is list else [value]
            found += [v for v in values if v is not None and _meets(v, step.where)]
        items = found
    return items


def _meets(value: Any, where: tuple[str, str] | None) -> bool:
    return where is None or (type(value) is dict and value.get(where[0]) == where[1])


@dataclass(frozen=True, slots=True)
class _At:
    """A place reached while reading: the steps so far and what is there."""

    steps: tuple[Step, ...]
    path: str
    property: Property | None = None
    only: str | None = None

    def done(self) -> Path:
        p = self.property
        binding = p.element.binding if p else None
        return Path(
            self.steps,
            p.type_code if p else self.path,
            self.path,
            p.targets if p else (),
            self.only,
            binding.value_set if binding else None,
        )


class _NotAPathError(Exception):
    """The expression does more than walk."""


class _Reader:
    """Reads `Type.name`, `(… as T)`, `.as(T)`, `.where(name='x')`, `.where(resolve() is T)`."""

    def __init__(self, text: str, context: str, definitions: Definitions) -> None:
        self.tokens = list(_tokens(text))
        self.context = context
        self.definitions = definitions

    def read(self) -> list[Path] | None:
        try:
            if None in self.tokens:
                return None
            places = self._path()
        except _NotAPathError:
            return None
        return None if self.tokens else [p.done() for p in places]

    def _next(self) -> str:
        if not self.tokens:
            raise _NotAPathError
        return self.tokens.pop(0) or ""

    def _expect(self, *texts: str) -> None:
        for text in texts:
            if self._next() != text:
                raise _NotAPathError

    def _path(self) -> list[_At]:
        first = self._next()
        if first == "(":
            places = self._path()
            if self.tokens and self.tokens[0] == "as":
                self._next()
                places = _as(places, self._next())
            self._expect(")")
        elif first[0].isupper():
            # `Resource` and `DomainResource` stand for the type itself.
            places = [_At((), self.context)]
        else:
            places = self._step([_At((), self.context)], first)
        while self.tokens and self.tokens[0] == ".":
            self._next()
            places = self._step(places, self._next())
        return places

    def _step(self, places: list[_At], name: str) -> list[_At]:
        is_call = bool(self.tokens) and self.tokens[0] == "("
        if name in ("as", "ofType") and is_call:
            self._expect("(")
            places = _as(places, self._next())
            self._expect(")")
            return places
        if name == "where" and is_call:
            return self._where(places)
        if is_call or not name.isidentifier() or any(p.only for p in places):
            raise _NotAPathError
        return [
            _At((*at.steps, Step(p.name)), p.target_path, p)
            for at in places
            for p in self.definitions.element_type(at.path, name)
        ]

    def _where(self, places: list[_At]) -> list[_At]:
        self._expect("(")
        name = self._next()
        if name == "resolve":
            self._expect("(", ")", "is")
            only = self._next()
            self._expect(")")
            return [_At(at.steps, at.path, at.property, only) for at in places]
        self._expect("=")
        literal = self._next()
        self._expect(")")
        if not literal.startswith("'") or any(not p.steps or p.steps[-1].where for p in places):
            raise _NotAPathError
        where = (name, literal[1:-1])
        return [
            _At((*at.steps[:-1], Step(at.steps[-1].key, where)), at.path, at.property)
            for at in places
        ]


def _as(places: list[_At], wanted: str) -> list[_At]:
    wanted = _MISSPELT.get(wanted, wanted)
    return [at for at in places if at.property and at.property.type_code == wanted]


def _tokens(text: str) -> Iterator[str | None]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            yield None
            return
        yield match[match.lastgroup or 0]
        at = match.end()
