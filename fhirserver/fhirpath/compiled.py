"""A piece of an expression, compiled, with what is known about its values beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhirserver.fhirpath import nodes, schema
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.nodes import BOOLEAN, Code, Nodes, Truth


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a collection when an expression is compiled.

    `types` is None if anything may come; empty if nothing will. `many` is False if there is at most
    one item; `ordered` is False if the order means nothing (children of a node). `element` is the
    path of the element that all items are, where there is one: `Patient.name`.
    """

    types: frozenset[str] | None
    many: bool = True
    ordered: bool = True
    element: str | None = None

    @property
    def only(self) -> str | None:
        """The type, if exactly one concrete type is possible."""
        if self.types is not None and len(self.types) == 1:
            (name,) = self.types
            return None if name in schema.ABSTRACT else name
        return None

    @property
    def is_certain(self) -> bool:
        """Whether the types are known and none is abstract."""
        return self.types is not None and not self.types & schema.ABSTRACT

    def one(self) -> Shape:
        """The same with at most one item."""
        return Shape(self.types, many=False, element=self.element)

    def with_types_of(self, other: Shape) -> Shape:
        """What is known of the items of two collections together."""
        if self.types is None or other.types is None:
            return Shape(None)
        return Shape(self.types | other.types)


ANYTHING = Shape(None)
NOTHING = Shape(frozenset(), many=False)


def one(*types: str) -> Shape:
    """At most one item, of one of these types."""
    return Shape(frozenset(types), many=False)


@dataclass(frozen=True, slots=True)
class Compiled:
    """`test` is a shorter way to the truth, if there is one.

    `narrow` compiles the same path for one of its choices of type: `value as Quantity` then reads
    `valueQuantity` alone. `constant` is the result if it is always the same. `references` is what
    resolve() resolves, whose type can be told without fetching. `key` is the JSON property, if this
    is a primitive of `$this` itself.
    """

    run: Code
    shape: Shape
    test: Truth | None = None
    narrow: Callable[[str], Compiled] | None = None
    constant: Nodes | None = None
    references: Code | None = None
    key: str | None = None
    is_this: bool = False


def boolean(test: Truth) -> Compiled:
    """The code of a boolean result, from its truth."""

    def run(this: Nodes, scope: Scope) -> Nodes:
        return BOOLEAN[test(this, scope)]

    return Compiled(run, one("System.Boolean"), test=test)


def constant(values: Nodes) -> Compiled:
    """The code of a result that is always the same."""
    shape = Shape(frozenset(v[0] for v in values), many=len(values) > 1)
    return Compiled(lambda _this, _scope: values, shape, constant=values)


def this_of(shape: Shape) -> Compiled:
    """The code of `$this`."""
    return Compiled(lambda this, _scope: this, shape, is_this=True)


def truth_of(compiled: Compiled) -> Truth:
    """How to learn the truth of a result."""
    if compiled.test is not None:
        return compiled.test
    run = compiled.run
    return lambda this, scope: nodes.truth(run(this, scope))
