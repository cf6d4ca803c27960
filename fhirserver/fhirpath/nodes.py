"""What flows through an evaluation: nodes, collections of them, and the code that makes them.

http://hl7.org/fhirpath/N1/#collections
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias

from fhirserver.errors import Invalid
from fhirserver.fhirpath.env import Env, Scope

Typed: TypeAlias = tuple[str, Any, Any]
"""(type, value, extra), as the package's docstring says; a plain tuple is cheapest to make."""

Nodes: TypeAlias = list[Typed]
"""A collection. Nobody changes one that somebody else has made; constants are shared."""

Code: TypeAlias = Callable[[Nodes, Scope], Nodes]
"""A compiled expression: what it yields for a `$this`."""

Truth: TypeAlias = Callable[[Nodes, Scope], bool | None]
"""A compiled expression of which only the truth is wanted; None is FHIRPath's empty."""


class Evaluate(Protocol):
    """A compiled expression, for callers; `extra` is the `_name` sibling of a primitive value."""

    def __call__(self, resource: Any, env: Env | None = None, extra: Any = None) -> list[Typed]: ...


EMPTY: Final[Nodes] = []
TRUE: Final[Nodes] = [("System.Boolean", True, None)]
FALSE: Final[Nodes] = [("System.Boolean", False, None)]
BOOLEAN: Final[dict[bool | None, Nodes]] = {True: TRUE, False: FALSE, None: EMPTY}


def typed(value: str | int | Decimal | bool) -> Typed:
    """A computed value with its System type."""
    return (_SYSTEM[type(value)], value, None)


_SYSTEM: Final[dict[type, str]] = {
    bool: "System.Boolean",
    str: "System.String",
    int: "System.Integer",
    Decimal: "System.Decimal",
}


def truth(nodes: Nodes) -> bool | None:
    """A collection where a boolean is expected: a single item that isn't one counts as true.

    http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
    """
    if not nodes:
        return None
    if len(nodes) > 1:
        raise Invalid("FHIRPath: several values where one boolean is expected")
    value = nodes[0][1]
    return value if value.__class__ is bool else True


def single(nodes: Nodes) -> Typed | None:
    """The only item, or None if there is none."""
    if not nodes:
        return None
    if len(nodes) > 1:
        raise Invalid("FHIRPath: several values where one is expected")
    return nodes[0]
