"""Subsetting: single, first, last, tail, skip, take, intersect, exclude.

http://hl7.org/fhirpath/N1/#subsetting
"""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.fhirpath import nodes, values
from fhirserver.fhirpath.compiled import Shape
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, function
from fhirserver.fhirpath.nodes import Nodes


def _some(call: Call) -> Shape:
    if call.strict and not call.source.shape.ordered:
        raise Invalid(f"FHIRPath: {call.name}() of items that have no order")
    return call.source.shape


def _one(call: Call) -> Shape:
    return _some(call).one()


@function("single", lambda call: call.source.shape.one())
def single(items: Nodes) -> Nodes:
    nodes.single(items)
    return items


@function("first", _one)
def first(items: Nodes) -> Nodes:
    return items[:1]


@function("last", _one)
def last(items: Nodes) -> Nodes:
    return items[-1:]


@function("tail", _some)
def tail(items: Nodes) -> Nodes:
    return items[1:]


@function("skip", _some)
def skip(items: Nodes, count: int) -> Nodes:
    return items[max(count, 0) :]


@function("take", _some)
def take(items: Nodes, count: int) -> Nodes:
    return items[: max(count, 0)]


@function("intersect")
def intersect(items: Nodes, other: Nodes, *, scope: Scope) -> Nodes:
    scope.spend(len(items) * (1 + len(other)))
    return values.distinct([item for item in items if values.contains(other, item)])


@function("exclude")
def exclude(items: Nodes, other: Nodes, *, scope: Scope) -> Nodes:
    scope.spend(len(items) * (1 + len(other)))
    return [item for item in items if not values.contains(other, item)]
