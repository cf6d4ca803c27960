"""How a file in `rules/` becomes a rule: `@rule("Reference")` on a function of a run and a node.

A rule is called for every node of its type; "Resource" stands for every resource, "Element" for
every node that has an id. Where the plain value tells that there is nothing to say, which is nearly
everywhere, a `when` saves the node:

    @rule("string", when=always(_has_a_tag))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from fhirserver.model import definitions
from fhirserver.model.definitions import Property
from fhirserver.validation.node import Node
from fhirserver.validation.run import Run

Judge: TypeAlias = Callable[[Run, Node], None]
Screen: TypeAlias = Callable[[Run, Any], bool]
"""Whether a rule may have something to say of a value: False only if it surely has not."""

When: TypeAlias = Callable[[Property | None], Screen | None]
"""The screen for values of a property, None if a rule has nothing to say of any."""


class Rule(NamedTuple):
    """A rule, and when it is called."""

    judge: Judge
    when: When


def always(screen: Screen) -> When:
    """The same screen for all properties."""
    return lambda _p: screen


EVERY: Final = always(lambda _run, _value: True)

_rules: Final[dict[str, list[Rule]]] = {}


def rule(*types: str, when: When = EVERY) -> Callable[[Judge], Judge]:
    """Call the decorated function for nodes of these types."""

    def add(function: Judge) -> Judge:
        for type_ in types:
            _rules.setdefault(type_, []).append(Rule(function, when))
        rules_for.cache_clear()
        return function

    return add


@cache
def rules_for(type_: str) -> tuple[Rule, ...]:
    """The rules for nodes of a type, without those for every node."""
    found = _rules.get(type_, []) if type_ != "Element" else []
    if definitions.load().is_resource(type_):
        found = found + _rules.get("Resource", [])
    return tuple(found)


def rules_for_ids() -> tuple[Rule, ...]:
    """The rules for every node that has an id."""
    return tuple(_rules.get("Element", ()))
