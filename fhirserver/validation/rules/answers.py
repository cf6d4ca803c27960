"""QuestionnaireResponses: answers to questions that were asked, of the type that was asked for.

https://hl7.org/fhir/R4/questionnaireresponse.html#assembly
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from fhirserver.model.conformance import Conformance
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.validation import limits
from fhirserver.validation.enabling import Enabling, is_same
from fhirserver.validation.enumerated import EnumeratedCodes
from fhirserver.validation.node import Node
from fhirserver.validation.options import Codes
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

_EXCLUSIVE: Final = "questionnaire-optionExclusive"


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
        self.enabling = Enabling(node)
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
                text = "has an item whose linkId the questionnaire doesn't have at this place"
                self.run.error("not-found", text, parent)
                continue
            if order[link] < furthest:
                self.run.error("structure", "is out of the questionnaire's order", item)
            furthest = max(furthest, order[link])
            given.setdefault(link, []).append(item)
        for question in asked:
            self.question(question, given.get(question.get("linkId"), []), parent)

    def question(self, q: Item, given: list[Node], parent: Node) -> None:
        """All that was given for one item of the questionnaire."""
        enabled = self.enabling.is_enabled(q, parent)
        if enabled is False:
            for item in given:
                if _has_answers(item):
                    text = "is answered, though its enableWhen isn't met: leave it out"
                    self.run.error("invalid", text, item)
            return
        if not given:
            if enabled and q.get("required") and self.is_finished and q.get("type") != "display":
                text = f"has no answer to the question {q.get('linkId')}, which needs one"
                self.run.error("required", text, parent)
            return
        if q.get("type") == "group":
            self.number(q, given, parent)
        if len(given) > 1 and not (q.get("repeats") or q.get("type") == "display"):
            text = f"has the item {q.get('linkId')} more than once, and it doesn't repeat"
            self.run.error("structure", text, parent)
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
        self.number(q, found, item)
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
        said = limits.said_by(q.get("extension", ()))
        for code, text in limits.broken(said, value) if said else ():
            self.run.error(code, f"{text}, as the question says", value)
        if value.type == "Quantity":
            self.unit(said, value)
        if value.type == "Reference":
            self.target(said, value)

    def number(self, q: Item, given: list[Node], where: Node) -> None:
        """How many answers, or how many of a group; and an answer that excludes all others."""
        said = limits.said_by(q.get("extension", ()))
        for least in said.get("questionnaire-minOccurs", ()):
            if self.is_finished and len(given) < least:
                self.run.error("required", f"must be answered at least {least} times", where)
        for most in said.get("questionnaire-maxOccurs", ()):
            if len(given) > most:
                self.run.error("structure", f"must not be answered more than {most} times", where)
        exclusive = [
            o
            for o in q.get("answerOption", ())
            if True in limits.said_by(o.get("extension", ())).get(_EXCLUSIVE, ())
        ]
        values = [v for answer in given if (v := answer.first("value")) is not None]
        if len(values) > 1 and any(_is_option(v, o) for v in values for o in exclusive):
            self.run.error("invalid", "has an answer beside one that excludes all others", where)

    def unit(self, said: Mapping[str, Sequence[Any]], value: Node) -> None:
        """The unit of a quantity, if the question says which there may be."""
        units = [u for u in said.get("questionnaire-unitOption", ()) if isinstance(u, dict)]
        given = value.value.get("system"), value.value.get("code")
        if units and not any((u.get("system"), u.get("code")) == given for u in units):
            names = ", ".join(str(u.get("display") or u.get("code")) for u in units)
            self.run.error("code-invalid", f"must have one of the units {names}", value)
        for value_set in said.get("questionnaire-unitValueSet", ()):
            self.in_value_set(value_set, value)

    def target(self, said: Mapping[str, Sequence[Any]], value: Node) -> None:
        """What an answer refers to, if the question says of which type it is."""
        types = [str(t) for t in said.get("questionnaire-referenceResource", ())]
        text = value.text("reference")
        found = self.run.resolve(text, value) if text is not None else None
        parsed = parse_reference(text) if text is not None else None
        type_ = found.type if found is not None else parsed.type if parsed is not None else None
        if types and (type_ or value.text("type") or types[0]) not in types:
            self.run.error("structure", f"must refer to {' or '.join(types)}", value)

    def in_value_set(self, value_set: str, value: Node) -> None:
        """An answer from a value set, which the questionnaire may contain."""
        codings = list(codings_of(value.type, value.value))
        codes: Codes = self.contained if value_set.startswith("#") else self.run.codes
        if codings and all(codes.member_of(value_set, c) is False for c in codings):
            self.run.error("code-invalid", f"must be a code of {value_set}", value)

    @cached_property
    def contained(self) -> Codes:
        """The codes of the value sets that the questionnaire contains."""
        inside = self.questionnaire.get("contained", ())
        return EnumeratedCodes(_Inside(self.run.conformance, inside))


def _has_answers(item: Node) -> bool:
    return any(n.type == "QuestionnaireResponse.item.answer" for n in item.everything())


def _type_of(option: Item) -> str:
    name = next((k for k in option if k.startswith("value")), "value").removeprefix("value")
    return name if name in {"Coding", "Reference"} else name[:1].lower() + name[1:]


def _is_option(value: Node, option: Item) -> bool:
    offered = next((v for k, v in option.items() if k.startswith("value")), None)
    return is_same(value.value, offered)


class _Inside:
    """A Conformance in which the resources that another contains come first, by `#id`."""

    def __init__(self, others: Conformance, contained: Sequence[Item]) -> None:
        self._others = others
        self._contained = {f"#{r.get('id')}": r for r in contained}

    def find(self, resource_type: str, canonical: str) -> Resource | None:
        found = self._contained.get(canonical)
        if found is None:
            return self._others.find(resource_type, canonical)
        return dict(found) if found.get("resourceType") == resource_type else None

    def urls(self, resource_type: str) -> Iterable[str]:
        return self._others.urls(resource_type)
