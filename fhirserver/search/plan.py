"""The plan of a resource type: all its search parameters in one walk over the JSON.

A plan is a tree of property names with the functions that index what lies there, so that a resource
costs what it contains and not what its type could contain.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.errors import FhirError
from fhirserver.model.definitions import Definitions
from fhirserver.search.index import IndexValues
from fhirserver.search.kinds import Index, kinds
from fhirserver.search.parameters import Parameters, SearchParameter
from fhirserver.search.paths import Path
from fhirserver.search.site import Site
from fhirserver.search.types import composite, reference

log = logging.getLogger(__name__)

COLUMNS: Final = frozenset(["_id", "_lastUpdated"])
"""Parameters that are columns of the row, and not in the index."""

Evaluate = Callable[[Any], list[tuple[str, Any]]]


@dataclass(slots=True)
class Node:
    """A place in a resource: what to do there, and the places inside."""

    is_object: bool = True
    index: list[Index] = field(default_factory=list)
    children: dict[str, Node] = field(default_factory=dict)
    conditional: list[tuple[str, str, Node]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """A tree to walk, composites with the properties they need, and expressions beyond paths."""

    tree: Node
    composites: tuple[tuple[frozenset[str], Index], ...]
    evaluated: tuple[tuple[Evaluate, Callable[[str], Index | None]], ...]

    def fill(self, resource: Any, out: IndexValues) -> None:
        """Add the index values of a resource, with repetitions."""
        walk(resource, self.tree, out)
        for needed, index in self.composites:
            if not needed.isdisjoint(resource):
                index(resource, out)
        for evaluate, index_of in self.evaluated:
            for datatype, value in evaluate(resource):
                add = index_of(datatype)
                if add is not None:
                    add(value, out)


def walk(item: Any, node: Node, out: IndexValues) -> None:
    """Index what lies at a place and below it."""
    if node.is_object is not (type(item) is dict):
        # Not what the definitions say: validation tells its author, the index passes over it.
        return
    for index in node.index:
        index(item, out)
    child_at = node.children.get
    for key, value in item.items() if node.children else ():
        child = child_at(key)
        if child is None or value is None:
            continue
        if child.children or child.conditional:
            for one in value if type(value) is list else (value,):
                if one is not None:
                    walk(one, child, out)
            continue
        # Most have nothing below: they are worth no call of their own.
        is_object = child.is_object
        for one in value if type(value) is list else (value,):
            if one is not None and is_object is (type(one) is dict):
                for index in child.index:
                    index(one, out)
    for key, literal, below in node.conditional:
        if item.get(key) == literal:
            walk(item, below, out)


@lru_cache(maxsize=1_024)
def plan_of(parameters: Parameters, resource_type: str, site: Site) -> Plan:
    """The plan of a type, made once."""
    definitions = parameters.definitions
    tree = Node()
    composites: list[tuple[frozenset[str], Index]] = []
    evaluated: list[tuple[Evaluate, Callable[[str], Index | None]]] = []
    for parameter in parameters.for_type(resource_type).values():
        if parameter.code in COLUMNS or parameter.answered_by or not parameter.expression:
            continue
        if parameter.type == "composite":
            whole = composite.whole(parameter, definitions, site)
            if whole is not None:
                composites.append((composite.triggers(parameter, definitions), whole))
        elif parameter.paths is None:
            evaluate = evaluation(parameter, resource_type)
            evaluated.append((evaluate, _by_datatype(parameter, site)))
        else:
            for path in parameter.paths:
                _plant(tree, parameter, path, definitions, site)
    return Plan(tree, tuple(composites), tuple(evaluated))


def evaluation(parameter: SearchParameter, resource_type: str) -> Evaluate:
    """What finds a parameter's values in a resource, with their datatypes.

    Where its expression fails (`name.single()` of two names), it has no values: a search parameter
    must not keep a patient from being admitted.
    """
    compiled = fhirpath.compile(parameter.expression, resource_type)
    has_failed = False

    def evaluate(resource: Any) -> list[tuple[str, Any]]:
        nonlocal has_failed
        try:
            found = compiled(resource)
        except FhirError:
            if not has_failed:  # Once: it may be so for a million resources.
                has_failed = True
                log.warning(
                    "search_parameter_failed",
                    extra={"type": resource_type, "code": parameter.code, "id": resource.get("id")},
                )
            return []
        # What FHIRPath computes has a type of its own: System.Boolean.
        return [
            (t[0][7:].lower() if t[0].startswith("System.") else t[0], t[1])
            for t in found
            if t[1] is not None
        ]

    return evaluate


def _by_datatype(parameter: SearchParameter, site: Site) -> Callable[[str], Index | None]:
    made: dict[str, Index | None] = {}

    def index_of(datatype: str) -> Index | None:
        if datatype not in made:
            made[datatype] = kinds[parameter.type].index(parameter, datatype, site)
        return made[datatype]

    return index_of


def _plant(
    tree: Node, parameter: SearchParameter, path: Path, definitions: Definitions, site: Site
) -> None:
    index = kinds[parameter.type].index(parameter, path.datatype, site)
    if index is None:
        return
    if path.only is not None:
        index = _only(index, path.only)
    node = tree
    for step in path.steps:
        node = node.children.setdefault(step.key, Node())
        if step.where is not None:
            node = _conditional(node, step.where)
    node.index.append(index)
    node.is_object = path.datatype not in definitions.primitives


def _conditional(node: Node, where: Sequence[str]) -> Node:
    for key, literal, below in node.conditional:
        if (key, literal) == tuple(where):
            return below
    below = Node()
    node.conditional.append((where[0], where[1], below))
    return below


def _only(index: Index, only: str) -> Index:
    def add(value: Any, out: IndexValues) -> None:
        if reference.refers_to(value, only):
            index(value, out)

    return add
