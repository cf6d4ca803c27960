"""How a file in `rules/` becomes a rule: `@rule("Reference")` on a function of a run and a node.

A rule is called for every node of its type; "Resource" stands for every resource, "Element" for
every node.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, TypeAlias

from fhirserver.model import definitions
from fhirserver.validation.node import Node
from fhirserver.validation.run import Run

Rule: TypeAlias = Callable[[Run, Node], None]

_rules: Final[dict[str, list[Rule]]] = {}


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Call the decorated function for nodes of these types."""

    def add(function: Rule) -> Rule:
        for type_ in types:
            _rules.setdefault(type_, []).append(function)
        rules_for.cache_clear()
        return function

    return add


@cache
def rules_for(type_: str) -> tuple[Rule, ...]:
    """The rules for nodes of a type."""
    found = _rules.get("Element", []) + _rules.get(type_, [])
    if definitions.load().is_resource(type_):
        found = found + _rules.get("Resource", [])
    return tuple(found)
