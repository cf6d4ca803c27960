"""Combining: union and combine.

http://hl7.org/fhirpath/N1/#combining
"""

from __future__ import annotations

from fhirserver.fhirpath import values
from fhirserver.fhirpath.compiled import Shape
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, function
from fhirserver.fhirpath.nodes import Nodes


def _both(call: Call) -> Shape:
    return call.source.shape.with_types_of(call.argument(0).shape)


@function("union", _both)
def union(items: Nodes, other: Nodes, *, scope: Scope) -> Nodes:
    scope.spend(values.weight(items) + values.weight(other))
    return values.union(items, other)


@function("combine", _both)
def combine(items: Nodes, other: Nodes, *, scope: Scope) -> Nodes:
    scope.spend(len(items) + len(other))
    return items + other
