"""Ids inside a resource: each names one element, and one contained resource.

https://hl7.org/fhir/R4/element-definitions.html#Element.id,
https://hl7.org/fhir/R4/references.html#contained
"""

from __future__ import annotations

from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run


@rule("Resource")
def unique(run: Run, node: Node) -> None:
    """No two elements of a resource have one id, and no two resources that it contains."""
    seen: set[str] = set()
    waiting = list(reversed(node.children))
    while waiting:
        inside = waiting.pop()
        if inside.is_resource:
            continue
        id_ = _id(inside)
        if id_ is not None:
            if id_ in seen:
                run.error(
                    "duplicate", "has an id that another element here has: change one", inside
                )
            seen.add(id_)
        waiting += reversed(inside.children)
    contained: set[str] = set()
    for resource in node.named("contained"):
        id_ = resource.text("id")
        if id_ is not None and id_ in contained:
            text = "has an id that another contained resource has: references would be ambiguous"
            run.error("duplicate", text, resource)
        contained.add(id_ or "")


def _id(node: Node) -> str | None:
    # Snapshot and differential call one element by one id.
    if node.type == "ElementDefinition":
        return None
    holder = node.extra if node.is_primitive else node.value
    found = holder.get("id") if isinstance(holder, dict) else None
    return found if isinstance(found, str) else None
