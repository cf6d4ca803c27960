"""Existence: empty, exists, all, allTrue ..., subsetOf, count, distinct.

http://hl7.org/fhirpath/N1/#existence
"""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.fhirpath import values
from fhirserver.fhirpath.compiled import Compiled, boolean, truth_of
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, Criterion, form, function
from fhirserver.fhirpath.nodes import Nodes


@function("empty")
def empty(items: Nodes) -> bool:
    return not items


@form("exists")
def exists(call: Call) -> Compiled:
    source = call.source.run
    if call.count == 0:
        return boolean(lambda this, scope: bool(source(this, scope)))
    test = truth_of(call.criterion(0))

    def any_fits(this: Nodes, scope: Scope) -> bool:
        outer = scope.index
        for index, item in enumerate(source(this, scope)):
            scope.spend(1)
            scope.index = index
            if test([item], scope):
                scope.index = outer
                return True
        scope.index = outer
        return False

    return boolean(any_fits)


@form("not")
def negation(call: Call) -> Compiled:
    test = truth_of(call.source)

    def run(this: Nodes, scope: Scope) -> bool | None:
        found = test(this, scope)
        return None if found is None else not found

    return boolean(run)


@function("all")
def every(items: Nodes, criterion: Criterion) -> bool:
    return all(criterion(item, index) for index, item in enumerate(items))


@function("allTrue")
def all_true(items: Nodes) -> bool:
    return all(_booleans(items))


@function("anyTrue")
def any_true(items: Nodes) -> bool:
    return any(_booleans(items))


@function("allFalse")
def all_false(items: Nodes) -> bool:
    return not any(_booleans(items))


@function("anyFalse")
def any_false(items: Nodes) -> bool:
    return not all(_booleans(items))


def _booleans(items: Nodes) -> list[bool]:
    if any(item[1].__class__ is not bool for item in items):
        raise Invalid("FHIRPath: not a boolean")
    return [item[1] for item in items]


@function("subsetOf")
def subset_of(items: Nodes, other: Nodes, *, scope: Scope) -> bool:
    scope.spend(len(items) * len(other))
    return all(values.contains(other, item) for item in items)


@function("supersetOf")
def superset_of(items: Nodes, other: Nodes, *, scope: Scope) -> bool:
    scope.spend(len(items) * len(other))
    return all(values.contains(items, item) for item in other)


@function("count")
def count(items: Nodes) -> int:
    return len(items)


@function("distinct")
def distinct(items: Nodes, *, scope: Scope) -> Nodes:
    scope.spend(values.weight(items))
    return values.distinct(items)


@function("isDistinct")
def is_distinct(items: Nodes, *, scope: Scope) -> bool:
    scope.spend(values.weight(items))
    return len(values.distinct(items)) == len(items)
