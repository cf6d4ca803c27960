"""Tree navigation: children and descendants.

http://hl7.org/fhirpath/N1/#tree-navigation
"""

from __future__ import annotations

from fhirserver.fhirpath import paths
from fhirserver.fhirpath.compiled import Shape
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, function
from fhirserver.fhirpath.nodes import Nodes


def _unordered(_call: Call) -> Shape:
    return Shape(None, ordered=False)


@function("children", _unordered)
def children(items: Nodes, *, scope: Scope) -> Nodes:
    found = [child for item in items for child in paths.children(item)]
    scope.spend(len(found))
    return found


@function("descendants", _unordered)
def descendants(items: Nodes, *, scope: Scope) -> Nodes:
    found: Nodes = []
    level = items
    while level:
        level = children(level, scope=scope)
        found += level
    return found
