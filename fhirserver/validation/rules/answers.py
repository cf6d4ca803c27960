"""QuestionnaireResponses: answers to questions that were asked, of the type that was asked for.

https://hl7.org/fhir/R4/questionnaireresponse.html#assembly
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run, codings_of

Item = Mapping[str, Any]

_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "boolean": frozenset({"boolean"}),
    "decimal": frozenset({"decimal"}),
    "integer": frozenset({"integer"}),
    "date": frozenset({"date"}),
    "dateTime": frozenset({"dateTime"}),
    "time": frozenset({"time"}),
    "string": frozenset({"string"}),
    "text": frozenset({"string"}),
    "url": frozenset({"uri"}),
    "choice": frozenset({"Coding"}),
    "open-choice": frozenset({"Coding", "string"}),
    "attachment": frozenset({"Attachment"}),
    "reference": frozenset({"Reference"}),
    "quantity": frozenset({"Quantity"}),
}
_FINISHED: Final = frozenset({"completed", "amended"})
# https://hl7.org/fhir/uv/sdc/ lets an expression decide: nobody evaluates it here.
_BY_EXPRESSION: Final = "sdc-questionnaire-enableWhenExpression"

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    ">": lambda a, b: bool(a > b),
    "<": lambda a, b: bool(a < b),
    ">=": lambda a, b: bool(a >= b),
    "<=": lambda a, b: bool(a <= b),
}


@rule("QuestionnaireResponse")
def answers(run: Run, node: Node) -> None:
    """A response against its questionnaire, if that is known."""
    canonical = node.text("questionnaire")
    if canonical is None:
        run.warning("invalid", "names no questionnaire: the answers weren't checked", node)
        return
    if canonical.startswith("#"):
        contained = run.resolve(canonical, node)
        questionnaire: Item | None = None if contained is None else contained.value
    else:
        questionnaire = run.conformance.find("Questionnaire", canonical)
    if questionnaire is None or questionnaire.get("resourceType") != "Questionnaire":
        text = "this questionnaire isn't known: the answers weren't checked"
        run.warning("not-found", text, f"{node.path}.questionnaire")
        return
    _Response(run, node, questionnaire).check()


class _Response:
    """One response and its questionnaire."""

    def __init__(self, run: Run, node: Node, questionnaire: Item) -> None:
        self.run = run
        self.node = node
        self.questionnaire = questionnaire
        self.is_finished = node.text("status") in _FINISHED

    def check(self) -> None:
        self.group(self.questionnaire.get("item", ()), self.node)

    def group(self, asked: Iterable[Item], parent: Node) -> None:
        """The items below a parent, against those of the questionnaire at the same place."""
        asked = list(asked)
        order = {q.get("linkId"): i for i, q in enumerate(asked)}
        given: dict[str | None, list[Node]] = {}
        furthest = 0
        for item in parent.named("item"):
            link = item.text("linkId")
            if link not in order:
                self.run.error("not-found", "has an item that isn't asked for here", parent)
                continue
            if order[link] < furthest:
                self.run.error("structure", "is out of the questionnaire's order", item)
            furthest = max(furthest, order[link])
            given.setdefault(link, []).append(item)
        for question in asked:
            self.question(question, given.get(question.get("linkId"), []), parent)

    def question(self, q: Item, given: list[Node], parent: Node) -> None:
        """All that was given for one item of the questionnaire."""
        enabled = self.is_enabled(q, parent)
        if enabled is False:
            for item in given:
                if _has_answers(item):
                    self.run.error("invalid", "is answered, though it isn't enabled", item)
            return
        if not given:
            if enabled and q.get("required") and self.is_finished and q.get("type") != "display":
                self.run.error("required", "has no answer to a question that needs one", parent)
            return
        if len(given) > 1 and not (q.get("repeats") or q.get("type") == "display"):
            self.run.error("structure", "has more than one of an item that doesn't repeat", parent)
        for item in given:
            if q.get("type") == "group":
                if item.first("answer") is not None:
                    self.run.error("structure", "is a group and has no answers of its own", item)
                self.group(q.get("item", ()), item)
            elif q.get("type") == "display":
                if item.first("answer") is not None:
                    self.run.error("structure", "is only shown and can't be answered", item)
            else:
                self.answered(q, item)

    def answered(self, q: Item, item: Node) -> None:
        """The answers of one question."""
        found = item.named("answer")
        if not found and q.get("required") and self.is_finished:
            self.run.error("required", "has no answer, and needs one", item)
        if len(found) > 1 and not q.get("repeats"):
            self.run.error("structure", "has more than one answer, and doesn't repeat", item)
        for answer in found:
            value = answer.first("value")
            if value is not None:
                self.value(q, value)
            self.group(q.get("item", ()), answer)

    def value(self, q: Item, value: Node) -> None:
        """One answer: its type, and whether it is one of those to choose from."""
        kind = q.get("type", "")
        options = q.get("answerOption", ())
        allowed = _TYPES.get(kind)
        if allowed is None:
            return
        if options and kind in {"choice", "open-choice"}:
            allowed = frozenset(_type_of(o) for o in options) | (
                frozenset({"string"}) if kind == "open-choice" else frozenset()
            )
        if value.type not in allowed:
            text = f"must be of type {' or '.join(sorted(allowed))}, as the question says"
            self.run.error("structure", text, value)
            return
        length = q.get("maxLength")
        if length is not None and isinstance(value.value, str) and len(value.value) > length:
            self.run.error("too-long", f"must not be longer than {length} characters", value)
        is_free = kind == "open-choice" and value.type == "string"
        if options and not is_free and not any(_is_option(value, o) for o in options):
            self.run.error("code-invalid", "is none of the answers to choose from", value)
        value_set = q.get("answerValueSet")
        if value_set is not None and not is_free:
            self.in_value_set(value_set, value)

    def in_value_set(self, value_set: str, value: Node) -> None:
        """An answer from a value set, which the questionnaire may contain."""
        codings = codings_of(value.type, value.value)
        if value_set.startswith("#") or not codings:
            return
        if all(self.run.codes.member_of(value_set, c) is False for c in codings):
            self.run.error("code-invalid", f"must be a code of {value_set}", value)

    def is_enabled(self, q: Item, parent: Node) -> bool | None:
        """Whether an item's conditions are met; None if an expression decides.

        https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
        """
        extensions = q.get("extension", ())
        if any(e.get("url", "").endswith(_BY_EXPRESSION) for e in extensions):
            return None
        conditions = q.get("enableWhen", ())
        if not conditions:
            return True
        met = (self.is_met(c, parent) for c in conditions)
        return all(met) if q.get("enableBehavior") == "all" else any(met)

    def is_met(self, condition: Item, parent: Node) -> bool:
        question = self.nearest(condition.get("question"), parent)
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
        return any(_compares(operator, v.value, wanted) for v in given)

    def nearest(self, link: str | None, parent: Node) -> Node | None:
        """The occurrence of a question that a condition at a place means: up, then around."""
        node: Node | None = parent
        while node is not None:
            for found in node.everything():
                if found.type == "QuestionnaireResponse.item" and found.text("linkId") == link:
                    return found
            if node is self.node:
                break
            node = node.parent
        return None


def _has_answers(item: Node) -> bool:
    return any(n.type == "QuestionnaireResponse.item.answer" for n in item.everything())


def _type_of(option: Item) -> str:
    name = next((k for k in option if k.startswith("value")), "value").removeprefix("value")
    return name if name in {"Coding", "Reference"} else name[:1].lower() + name[1:]


def _is_option(value: Node, option: Item) -> bool:
    offered = next((v for k, v in option.items() if k.startswith("value")), None)
    return _is_same(value.value, offered)


def _is_same(given: Any, wanted: Any) -> bool:
    if isinstance(given, dict) and isinstance(wanted, dict):
        if "code" in wanted or "code" in given:
            same = given.get("code") == wanted.get("code")
            return same and given.get("system") == wanted.get("system")
        return all(given.get(k) == v for k, v in wanted.items() if k != "display")
    return bool(given == wanted)


def _compares(operator: str, given: Any, wanted: Any) -> bool:
    if operator in {"=", "!="}:
        return _is_same(given, wanted) is (operator == "=")
    if isinstance(given, dict) and isinstance(wanted, dict):
        if given.get("code") != wanted.get("code"):
            return False
        given, wanted = given.get("value"), wanted.get("value")
    is_number = isinstance(given, (int, Decimal)) and isinstance(wanted, (int, Decimal))
    if not is_number and not (isinstance(given, str) and isinstance(wanted, str)):
        return False
    return operator in _COMPARE and _COMPARE[operator](given, wanted)
