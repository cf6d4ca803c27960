"""Ids inside a resource: each names one element, and one contained resource.

https://hl7.org/fhir/R4/element-definitions.html#Element.id,
https://hl7.org/fhir/R4/references.html#contained
"""

from __future__ import annotations

from fhirserver.validation.node import Node
from fhirserver.validation.rule import always, rule
from fhirserver.validation.run import Run


@rule("Element")
def of_elements(run: Run, node: Node) -> None:
    """No two elements of a resource have one id; called where there is one."""
    holder = node.extra if node.is_primitive else node.value
    # Snapshot and differential call one element by one id.
    if type(holder) is not dict or "id" not in holder or node.is_resource:
        return
    id_ = holder["id"]
    if node.type == "ElementDefinition" or not isinstance(id_, str):
        return
    key = id(node.resource), id_
    if key in run.ids:
        run.error("duplicate", "has an id that another element here has: change one", node)
    run.ids.add(key)


@rule("Resource", when=always(lambda _run, value: "contained" in value))
def of_contained(run: Run, node: Node) -> None:
    """No two resources that one contains have one id."""
    contained: set[str] = set()
    for resource in node.named("contained"):
        id_ = resource.text("id")
        if id_ is not None and id_ in contained:
            text = "has an id that another contained resource has: references would be ambiguous"
            run.error("duplicate", text, resource)
        contained.add(id_ or "")
