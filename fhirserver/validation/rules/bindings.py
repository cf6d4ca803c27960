"""The base's bindings: extensible ones, and required ones whose codes can't be enumerated.

Those that can be are looked at by `structure.py`, on every write.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

from __future__ import annotations

from fhirserver.model import definitions
from fhirserver.validation.binding import check_binding
from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run


@rule("code", "Coding", "CodeableConcept")
def base_binding(run: Run, node: Node) -> None:
    """A coded element by its definition."""
    binding = None if node.property is None else node.property.element.binding
    if binding is None:
        return
    if binding.strength == "required" and definitions.load().codes(binding.value_set) is not None:
        return
    check_binding(run, node, binding.strength, binding.value_set)
