"""The base's invariants on every node, those of severity warning too.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from functools import cache

from fhirserver.model import definitions
from fhirserver.validation.common_invariants import unreferenced
from fhirserver.validation.invariants import ELSEWHERE, Rule, compiled
from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run


@rule("Element")
def invariants(run: Run, node: Node) -> None:
    """Each invariant of the node's type and of the element that it is."""
    path = None if node.property is None else node.property.element.path
    for found in _rules(node.type, path):
        if found.touches is not None and found.touches.isdisjoint(node.value):
            continue
        try:
            holds = found.holds(node.value, run.own_env(node))
        except (AttributeError, KeyError, TypeError, ValueError):
            # The content isn't shaped like its type, which the structure's rules tell.
            continue
        if not holds:
            c = found.constraint
            if c.key == "dom-3":
                for i in unreferenced(node.value):
                    run.error("invariant", f"{c.key}: {c.human}", f"{node.path}.contained[{i}]")
                continue
            run.report(c.severity, "invariant", f"{c.key}: {c.human}", node)
    if node.extra is None and isinstance(node.value, dict) and node.value.keys() == {"id"}:
        run.error("invariant", "ele-1: must have a value or children besides its id", node)


@cache
def _rules(type_: str, element_path: str | None) -> tuple[Rule, ...]:
    known = definitions.load()
    if "." in type_:
        constraints = known.structure(type_.partition(".")[0]).elements[type_].constraints
    else:
        constraints = known.structure(type_).constraints
    if element_path is not None and element_path != type_:
        owner = known.structure(element_path.partition(".")[0])
        constraints += owner.elements[element_path].constraints
    return tuple(
        found
        for c in constraints
        if c.key not in ELSEWHERE and (found := compiled(c, type_)) is not None
    )
