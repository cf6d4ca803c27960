"""References: the types they may point at, and whether what they point at is there.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from fhirserver.model import definitions
from fhirserver.model.references import parse_reference
from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run


@rule("Reference")
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
