"""`|`, `in`, `contains` and the indexer.

http://hl7.org/fhirpath/N1/#collections-2
"""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.fhirpath import values
from fhirserver.fhirpath.compiled import Compiled
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, operator, operator_form
from fhirserver.fhirpath.nodes import EMPTY, Nodes, Typed


@operator_form("|")
def union(call: Call) -> Compiled:
    left, right = call.source, call.argument(0)
    # A branch about another resource type can't yield anything: leave it out.
    if right.shape.types == frozenset() and left.shape.types:
        return _distinct(left)
    if left.shape.types == frozenset() and right.shape.types:
        return _distinct(right)
    mine, yours = left.run, right.run
    return Compiled(
        lambda this, scope: _union(mine(this, scope), yours(this, scope), scope),
        left.shape.with_types_of(right.shape),
    )


def _distinct(part: Compiled) -> Compiled:
    if not part.shape.many:
        return part
    run = part.run
    return Compiled(lambda this, scope: _union(run(this, scope), EMPTY, scope), part.shape)


def _union(one: Nodes, other: Nodes, scope: Scope) -> Nodes:
    if not other and len(one) < 2:
        return one
    if not one and len(other) < 2:
        return other
    scope.spend(values.weight(one) + values.weight(other))
    return values.union(one, other)


@operator("in")
def is_in(item: Typed, items: Nodes, *, scope: Scope) -> bool:
    scope.spend(len(items))
    return values.contains(items, item)


@operator("contains")
def contains(items: Nodes, item: Typed, *, scope: Scope) -> bool:
    scope.spend(len(items))
    return values.contains(items, item)


@operator_form("[]")
def at(call: Call) -> Compiled:
    source, index = call.source.run, call.argument(0)
    shape = call.source.shape.one()
    if call.strict and not call.source.shape.ordered:
        raise Invalid("FHIRPath: the items have no order")
    if index.constant and index.constant[0][0] == "System.Integer":
        place = index.constant[0][1]
        return Compiled(lambda this, scope: source(this, scope)[place : place + 1], shape)

    def run(this: Nodes, scope: Scope) -> Nodes:
        places = index.run(this, scope)
        if not places:
            return EMPTY
        if len(places) > 1 or places[0][1].__class__ is not int:
            raise Invalid("FHIRPath: an index is one integer")
        place = places[0][1]
        return source(this, scope)[place : place + 1] if place >= 0 else EMPTY

    return Compiled(run, shape)
