"""The base's invariants on a value anywhere, those of severity warning too.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fhirserver.fhirpath import Env
from fhirserver.model import definitions
from fhirserver.validation.common_invariants import unreferenced
from fhirserver.validation.invariants import ELSEWHERE, Rule, compiled, is_spared
from fhirserver.validation.node import Node, Place, node_at
from fhirserver.validation.run import Run


@cache
def invariants_of(type_: str, element_path: str | None) -> tuple[Rule, ...]:
    """Each invariant of a type, and of the element that a value of it is."""
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


def check_invariants(
    run: Run, invariants: tuple[Rule, ...], value: Any, place: Place, env: Env
) -> None:
    """Tell of those that a value breaks."""
    for each in invariants:
        if is_spared(each, value):
            continue
        try:
            if each.holds(value, env):
                continue
        except (AttributeError, KeyError, TypeError, ValueError):
            # The content isn't shaped like its type, which the structure's rules tell.
            continue
        _tell(run, each, node_at(place))


def _tell(run: Run, broken: Rule, node: Node) -> None:
    c = broken.constraint
    if c.key == "dom-3":
        for i in unreferenced(node.value):
            run.error("invariant", f"{c.key}: {c.human}", f"{node.path}.contained[{i}]")
        return
    run.report(c.severity, "invariant", f"{c.key}: {c.human}", node)
