"""The syntax tree of a FHIRPath expression: frozen, comparable, with the position of each node.

http://hl7.org/fhirpath/N1/#grammar
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Node:
    at: int = field(compare=False, kw_only=True, default=0)
    """Where in the expression the node begins, counted from 0."""


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A literal: a System type and its value as FHIR's JSON has it (dates without the @)."""

    type: str
    value: str | int | Decimal | bool | tuple[Decimal, str, bool]
    """A quantity is (number, unit, whether the unit is a calendar word)."""


@dataclass(frozen=True, slots=True)
class Empty(Node):
    """`{}`."""


@dataclass(frozen=True, slots=True)
class Special(Node):
    """`$this`, `$index` or `$total`."""

    name: Literal["this", "index", "total"]


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`%name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`source.name`; without a source, `name` of $this or the type that begins a path."""

    source: Expression | None
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`source.name(arguments)`; without a source, on $this."""

    source: Expression | None
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`source[index]`."""

    source: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Sign(Node):
    """`+operand` or `-operand`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`left operator right`, for every operator but is and as."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class TypeTest(Node):
    """`operand is Type` or `operand as Type`."""

    operator: Literal["is", "as"]
    operand: Expression
    type: str


Expression = (
    Constant | Empty | Special | Variable | Member | Call | Index | Sign | Binary | TypeTest
)


def children(node: Expression) -> tuple[Expression, ...]:
    """The nodes directly below a node."""
    found: list[Any]
    match node:
        case Member(source=source):
            found = [source]
        case Call(source=source, arguments=arguments):
            found = [source, *arguments]
        case Index(source=source, index=index):
            found = [source, index]
        case Sign(operand=operand) | TypeTest(operand=operand):
            found = [operand]
        case Binary(left=left, right=right):
            found = [left, right]
        case _:
            found = []
    return tuple(n for n in found if n is not None)


def definitions(node: Expression | None) -> dict[str, int]:
    """The variables that the path to a node defines, with the position of each definition.

    A name that is computed stands as the empty one.
    >>> definitions(Member(Call(None, "defineVariable", (Constant("System.String", "a"),)), "b"))
    {'a': 0}
    """
    found: dict[str, int] = {}
    while node is not None:
        match node:
            case Call(source=source, name="defineVariable", arguments=(named, *_)):
                name = named.value if isinstance(named, Constant) else ""
                found[name if isinstance(name, str) else ""] = node.at
                node = source
            case Member(source=source) | Call(source=source) | Index(source=source):
                node = source
            case _:
                break
    return found


def uses_index(node: Expression) -> bool:
    """Whether `$index` occurs in a tree."""
    if isinstance(node, Special) and node.name == "index":
        return True
    return any(uses_index(child) for child in children(node))


def depth(node: Expression) -> int:
    """How many levels a tree has; counted without recursion, so that any tree can be measured."""
    deepest, waiting = 0, [(node, 1)]
    while waiting:
        current, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += [(child, level + 1) for child in children(current)]
    return deepest
