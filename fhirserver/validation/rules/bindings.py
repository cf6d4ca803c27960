"""The base's bindings: extensible ones, and required ones whose codes can't be enumerated.

Those that can be are looked at by `structure.py`, on every write.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

from __future__ import annotations

from typing import Any

from fhirserver.model import definitions
from fhirserver.model.definitions import Binding, Property
from fhirserver.validation.binding import check_binding, is_outside
from fhirserver.validation.node import Node
from fhirserver.validation.rule import Screen, rule
from fhirserver.validation.run import Run, codings_of


def _looked_at(p: Property | None) -> Binding | None:
    """The binding of an element, if it is looked at here."""
    binding = None if p is None else p.element.binding
    if binding is None or binding.strength not in {"required", "extensible"}:
        return None
    is_enumerated = definitions.load().codes(binding.value_set) is not None
    return None if binding.strength == "required" and is_enumerated else binding


def _unless_inside(p: Property | None) -> Screen | None:
    binding = _looked_at(p)
    if p is None or binding is None:
        return None
    type_, value_set, is_required = p.type_code, binding.value_set, binding.strength == "required"

    def may_judge(run: Run, value: Any) -> bool:
        codings = codings_of(type_, value)
        return is_outside(run, codings, value_set) if codings else is_required

    return may_judge


@rule("code", "Coding", "CodeableConcept", when=_unless_inside)
def base_binding(run: Run, node: Node) -> None:
    """A coded element by its definition."""
    binding = _looked_at(node.property)
    if binding is not None:
        check_binding(run, node, binding.strength, binding.value_set)
