"""References: the types they may point at, and whether what they point at is there.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fhirserver.model import definitions
from fhirserver.model.definitions import Property
from fhirserver.model.references import parse_reference
from fhirserver.validation.node import Node
from fhirserver.validation.rule import Screen, rule
from fhirserver.validation.run import Run


def _unless_plain(p: Property | None) -> Screen:
    """Nearly all: an address of a type that may be meant, or `urn:`, and nothing else is said."""
    allowed = _allowed(p.targets if p is not None else ())

    def may_judge(run: Run, reference: Any) -> bool:
        text = reference.get("reference")
        if type(text) is not str:
            return "type" in reference
        if "type" in reference or run.may_resolve or text.startswith("#"):
            return True
        if text.startswith("urn:"):
            return False
        return text.partition("/")[0] not in allowed and text.partition("?")[0] not in allowed

    return may_judge


@cache
def _allowed(targets: tuple[str, ...]) -> frozenset[str]:
    """The types of resources that are one of some types."""
    known = definitions.load()
    types = known.resource_types
    return frozenset(t for t in types if not targets or any(known.is_a(t, a) for a in targets))


@rule("Reference", when=_unless_plain)
def target(run: Run, node: Node) -> None:
    """One reference."""
    text = node.text("reference")
    said = node.text("type")
    parsed = parse_reference(text) if text is not None else None
    found = run.resolve(text, node) if text is not None else None
    type_ = found.type if found is not None else parsed.type if parsed is not None else None
    known = definitions.load()
    if type_ is None and said is not None and known.is_resource(said):
        type_ = said
    targets = node.property.targets if node.property is not None else ()
    if type_ is not None and targets and not any(known.is_a(type_, t) for t in targets):
        text = f"must refer to {' or '.join(targets)}, not to {type_}"
        run.error("structure", text, node)
        return
    if type_ is not None and said is not None and said != type_:
        run.error("structure", f"the type must be {type_}, as the reference has it", node)
    is_there = found is not None or parsed is None or not parsed.is_local
    if not is_there and run.fetch is not None and run.fetch(parsed.text if parsed else "") is None:
        severity = run.options.missing
        run.report(severity, "not-found", "what this refers to doesn't exist here", node)
