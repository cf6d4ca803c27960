"""Filtering and projection: where, select, repeat, repeatAll, coalesce; ofType is with the types.

http://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from __future__ import annotations

from collections.abc import Hashable

from fhirserver.errors import Invalid
from fhirserver.fhirpath import ast, values
from fhirserver.fhirpath.compiled import ANYTHING, Compiled, Shape, truth_of
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, Lambda, form, function
from fhirserver.fhirpath.nodes import EMPTY, Nodes


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


@form("coalesce")
def coalesce(call: Call) -> Compiled:
    """The first argument that isn't empty; those after it aren't evaluated. Of the next release."""
    choices = [call.argument(i) for i in range(call.count)]
    if not choices:
        raise Invalid("FHIRPath: coalesce needs arguments")
    shape = choices[0].shape
    for choice in choices[1:]:
        shape = shape.with_types_of(choice.shape)

    def run(this: Nodes, scope: Scope) -> Nodes:
        return next((found for c in choices if (found := c.run(this, scope))), EMPTY)

    return Compiled(run, shape)


@function("repeatAll", lambda _call: ANYTHING)
def repeat_all(items: Nodes, projection: Lambda, *, scope: Scope) -> Nodes:
    """Like repeat, with what is equal each time; what never ends, ends with the budget."""
    found: Nodes = []
    waiting = items
    while waiting:
        level: Nodes = []
        for item in waiting:
            reached = projection(item)
            scope.spend(len(reached))
            level += reached
        found += level
        waiting = level
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
