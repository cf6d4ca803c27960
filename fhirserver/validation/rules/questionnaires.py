"""Questionnaires: conditions that refer to questions which can be answered before.

https://hl7.org/fhir/R4/questionnaire.html
"""

from __future__ import annotations

from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run


@rule("Questionnaire")
def conditions(run: Run, node: Node) -> None:
    """Each enableWhen names a question of the form that isn't inside what it enables."""
    items = [n for n in node.everything() if n.type == "Questionnaire.item"]
    known = {i.text("linkId") for i in items}
    for item in items:
        inside = {n.text("linkId") for n in item.everything() if n.type == "Questionnaire.item"}
        for condition in item.named("enableWhen"):
            question = condition.text("question")
            if question is None:
                continue
            if question not in known:
                run.error("not-found", "enableWhen names a question that isn't there", item)
            elif question in inside:
                run.error("invalid", "enableWhen must not ask the item itself or one inside", item)
