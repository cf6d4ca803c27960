"""Whether a coded value keeps to a binding, by what terminology knows.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

from __future__ import annotations

from fhirserver.validation.node import Node
from fhirserver.validation.options import Coding
from fhirserver.validation.run import Run, codings_of


def is_outside(run: Run, codings: list[Coding], value_set: str) -> bool:
    """Whether it is known of all codes that none is in a value set."""
    return all(run.codes.member_of(value_set, c) is False for c in codings)


def check_binding(run: Run, node: Node, strength: str, value_set: str, of: str = "") -> None:
    """A required binding is an error, an extensible one a warning; `of` names the profile."""
    if strength not in {"required", "extensible"}:
        return
    by = f" ({of})" if of else ""
    codings = codings_of(node.type, node.value)
    if not codings:
        # Text alone is no code of a required value set.
        if strength == "required" and node.type == "CodeableConcept" and node.first("text"):
            run.error("code-invalid", f"must have a code of {value_set}, not only a text{by}", node)
        return
    if not is_outside(run, codings, value_set):
        return
    if strength == "required":
        run.error("code-invalid", f"must be a code of {value_set}{by}", node)
    else:
        text = f"should be a code of {value_set}, unless none of them fits{by}"
        run.warning("code-invalid", text, node)
