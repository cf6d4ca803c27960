"""Aggregates: aggregate; sum, avg, min and max of forms; the sort of a later release.

http://hl7.org/fhirpath/N1/#aggregates and https://build.fhir.org/ig/HL7/FHIRPath/#sort
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key

from fhirserver.fhirpath import ast, values
from fhirserver.fhirpath.compiled import ANYTHING, Compiled, Shape
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, form, function
from fhirserver.fhirpath.nodes import EMPTY, Code, Nodes, Typed, single, typed
from fhirserver.fhirpath.operators.arithmetic import add, divide


@form("aggregate")
def aggregate(call: Call) -> Compiled:
    source, step = call.source.run, call.criterion(0).run
    start: Code = call.argument(1).run if call.count > 1 else lambda _this, _scope: EMPTY

    def run(this: Nodes, scope: Scope) -> Nodes:
        outer = scope.total, scope.index
        total = start(this, scope)
        for index, item in enumerate(source(this, scope)):
            scope.spend(1)
            scope.total, scope.index = total, index
            total = step([item], scope)
        scope.total, scope.index = outer
        return total

    return Compiled(run, ANYTHING)


@function("sum", lambda _call: Shape(None, many=False))
def total(items: Nodes, *, scope: Scope) -> Typed | None:
    """Of numbers, quantities or strings, as forms use it; empty if there is nothing."""
    scope.spend(len(items))
    return _folded(items, add)


@function("avg", lambda _call: Shape(None, many=False))
def average(items: Nodes, *, scope: Scope) -> Typed | None:
    scope.spend(len(items))
    found = _folded(items, add)
    return None if found is None else divide(found, typed(len(items)))


@function("min", lambda call: call.source.shape.one())
def least(items: Nodes, *, scope: Scope) -> Typed | None:
    scope.spend(len(items))
    return _folded(items, lambda one, other: _preferred(one, other, -1))


@function("max", lambda call: call.source.shape.one())
def greatest(items: Nodes, *, scope: Scope) -> Typed | None:
    scope.spend(len(items))
    return _folded(items, lambda one, other: _preferred(one, other, 1))


def _folded(items: Nodes, combine: Callable[[Typed, Typed], Typed | None]) -> Typed | None:
    """The items combined one after the other; None if two of them can't be."""
    found: Typed | None = None
    for item in items:
        found = item if found is None else combine(found, item)
        if found is None:
            return None
    return found


def _preferred(one: Typed, other: Typed, sign: int) -> Typed | None:
    order = values.compare(one, other)
    return None if order is None else other if order * sign < 0 else one


@form("sort")
def sort(call: Call) -> Compiled:
    """`sort(-family, given.first())`: a sign before a key turns its order around."""
    source = call.source.run
    keys = [_key(call, i) for i in range(call.count)] or [(lambda this, _scope: this, 1)]

    def run(this: Nodes, scope: Scope) -> Nodes:
        items = source(this, scope)
        scope.spend(len(items) * (len(keys) + len(items).bit_length()))
        rows = [([single(key([item], scope)) for key, _ in keys], item) for item in items]
        order = _comparing([sign for _, sign in keys])
        return [item for _, item in sorted(rows, key=cmp_to_key(order))]

    return Compiled(run, call.source.shape)


def _key(call: Call, index: int) -> tuple[Code, int]:
    tree = call.tree(index)
    if isinstance(tree, ast.Sign) and tree.operator == "-":
        return call.item(tree.operand).run, -1
    return call.criterion(index).run, 1


Row = tuple[list[Typed | None], Typed]


def _comparing(signs: list[int]) -> Callable[[Row, Row], int]:
    def compare(one: Row, other: Row) -> int:
        for sign, mine, yours in zip(signs, one[0], other[0], strict=True):
            if mine is None or yours is None:
                # What has no value counts as the highest.
                order = (mine is None) - (yours is None)
            else:
                order = values.compare(mine, yours) or 0
            if order:
                return sign * order
        return 0

    return compare
