"""Filtering and projection: where, select, repeat; ofType is with the types.

http://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from __future__ import annotations

from collections.abc import Hashable

from fhirserver.fhirpath import ast, values
from fhirserver.fhirpath.compiled import ANYTHING, Compiled, Shape, truth_of
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, Lambda, form, function
from fhirserver.fhirpath.nodes import Nodes


@form("where")
def where(call: Call) -> Compiled:
    source, test = call.source.run, truth_of(call.criterion(0))
    if not ast.uses_index(call.tree(0)):

        def plain(this: Nodes, scope: Scope) -> Nodes:
            items = source(this, scope)
            scope.spend(len(items))
            return [item for item in items if test([item], scope)]

        return Compiled(plain, call.source.shape)

    def indexed(this: Nodes, scope: Scope) -> Nodes:
        outer, found = scope.index, []
        for index, item in enumerate(source(this, scope)):
            scope.spend(1)
            scope.index = index
            if test([item], scope):
                found.append(item)
        scope.index = outer
        return found

    return Compiled(indexed, call.source.shape)


def _projected(call: Call) -> Shape:
    shape = call.criterion(0).shape
    return Shape(shape.types, shape.many or call.source.shape.many, shape.ordered)


@function("select", _projected)
def select(items: Nodes, projection: Lambda, *, scope: Scope) -> Nodes:
    found: Nodes = []
    for index, item in enumerate(items):
        reached = projection(item, index)
        scope.spend(len(reached))
        found += reached
    return found


@function("repeat", lambda _call: ANYTHING)
def repeat(items: Nodes, projection: Lambda, *, scope: Scope) -> Nodes:
    """Each item once: what equals an earlier one isn't followed again."""
    found: Nodes = []
    seen: set[Hashable] = set()
    waiting = items
    while waiting:
        level: Nodes = []
        for item in waiting:
            reached = projection(item)
            scope.spend(values.weight(reached))
            level += values.unseen(reached, seen)
        found += level
        waiting = level
    return found
