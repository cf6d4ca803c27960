"""Whether an item of a Questionnaire is enabled by the answers that a response has.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fhirserver.validation import limits
from fhirserver.validation.node import Node

Item = Mapping[str, Any]

# https://hl7.org/fhir/uv/sdc/ lets an expression decide: nobody evaluates it here.
_BY_EXPRESSION: Final = "sdc-questionnaire-enableWhenExpression"
# What the order of an answer and a condition's value must be.
_ORDER: Final[Mapping[str, Callable[[int], bool]]] = {
    ">": lambda order: order > 0,
    "<": lambda order: order < 0,
    ">=": lambda order: order >= 0,
    "<=": lambda order: order <= 0,
}


class Enabling:
    """The conditions of one response's questions."""

    def __init__(self, response: Node) -> None:
        self._response = response
        # The first item of each linkId below a node: made once for each that is asked from.
        self._below: dict[int, Mapping[str, Node]] = {}

    def is_enabled(self, q: Item, parent: Node) -> bool | None:
        """Whether an item's conditions are met; None if an expression decides."""
        extensions = q.get("extension", ())
        if any(e.get("url", "").endswith(_BY_EXPRESSION) for e in extensions):
            return None
        conditions = q.get("enableWhen", ())
        if not conditions:
            return True
        met = (self._is_met(c, parent) for c in conditions)
        return all(met) if q.get("enableBehavior") == "all" else any(met)

    def _is_met(self, condition: Item, parent: Node) -> bool:
        question = self._nearest(condition.get("question", ""), parent)
        given = [
            value
            for answer in (question.named("answer") if question is not None else ())
            if (value := answer.first("value")) is not None
        ]
        operator = condition.get("operator", "=")
        wanted = next((v for k, v in condition.items() if k.startswith("answer")), None)
        if operator == "exists":
            return bool(given) is wanted
        if operator == "!=" and not given:
            return False
        return any(_compares(operator, v, wanted) for v in given)

    def _nearest(self, link: str, parent: Node) -> Node | None:
        """The occurrence of a question that a condition at a place means: up, then around."""
        node: Node | None = parent
        while node is not None:
            found = self._items_below(node).get(link)
            if found is not None or node is self._response:
                return found
            node = node.parent
        return None

    def _items_below(self, node: Node) -> Mapping[str, Node]:
        if id(node) not in self._below:
            found: dict[str, Node] = {}
            for each in node.everything():
                if each.type == "QuestionnaireResponse.item":
                    found.setdefault(each.text("linkId") or "", each)
            self._below[id(node)] = found
        return self._below[id(node)]


def is_same(given: Any, wanted: Any) -> bool:
    """Whether an answer is the one that a condition or an option names."""
    if isinstance(given, dict) and isinstance(wanted, dict):
        if "code" in wanted or "code" in given:
            same = given.get("code") == wanted.get("code")
            return same and given.get("system") == wanted.get("system")
        return all(given.get(k) == v for k, v in wanted.items() if k != "display")
    return bool(given == wanted)


def _compares(operator: str, given: Node, wanted: Any) -> bool:
    if operator in {"=", "!="}:
        return is_same(given.value, wanted) is (operator == "=")
    order = limits.compare(given.type, given.value, wanted)
    return order is not None and operator in _ORDER and _ORDER[operator](order)
