"""Filling in a form: by expressions, by what was observed, by its own initial values.

http://hl7.org/fhir/uv/sdc/populate.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from fhirserver.errors import TooCostly
from fhirserver.fhirpath import Typed
from fhirserver.forms.answers import answer_of
from fhirserver.forms.expressions import Expressions, Setting
from fhirserver.forms.extensions import first, value
from fhirserver.model.resource import Resource

MOST_ITEMS: Final = 20_000

_DAYS: Final = {
    "a": 365.25, "mo": 30.4375, "wk": 7.0, "d": 1.0, "h": 1 / 24, "min": 1 / 1440, "s": 1 / 86400,
}  # fmt: skip
_LONGEST: Final = timedelta(days=200 * 366)


class Observed(Protocol):
    """The subject's Observations of any of these codes within a time, the newest first."""

    def __call__(self, codes: Sequence[Resource], within: timedelta) -> Iterable[Resource]: ...


@dataclass(slots=True)
class Filling:
    """The filling in of one form."""

    expressions: Expressions
    observed: Observed
    made: int = 0

    def items(self, items: Iterable[Resource], setting: Setting) -> list[Resource]:
        """The items of a response."""
        return [made for item in items for made in self._item(item, setting)]

    def _item(self, item: Resource, setting: Setting) -> Iterator[Resource]:
        setting = Setting(
            setting.type,
            setting.value,
            setting.resource,
            setting.variables,
            place_of(item),
        )
        setting = self.expressions.with_variables(item, setting)
        for inner in self._repetitions(item, setting):
            self.made += 1
            if self.made > MOST_ITEMS:
                raise TooCostly(f"the form would have more than {MOST_ITEMS} items")
            yield self._filled(item, inner)

    def _repetitions(self, item: Resource, setting: Setting) -> Iterator[Setting]:
        """The setting of each repetition: a group has one for each thing it is about."""
        context = first(item, "itemPopulationContext")
        if not isinstance(context, dict):
            yield setting
            return
        found = of_bundles(self.expressions.nodes(context, setting))
        name = context.get("name")
        repetitions = [found[n : n + 1] for n in range(len(found))] or [found]
        if not item.get("repeats"):
            repetitions = [found]
        for nodes in repetitions:
            yield setting.having(name, nodes) if name else setting

    def _filled(self, item: Resource, setting: Setting) -> Resource:
        made: Resource = {"linkId": item["linkId"]}
        made |= {k: item[k] for k in ("definition", "text") if k in item}
        inside = self.items(item.get("item", ()), setting)
        if item.get("type") in {"group", "display"}:
            return made | ({"item": inside} if inside else {})
        answers = self._answers(item, setting)
        if answers:
            if inside:
                answers = [{**answers[0], "item": inside}, *answers[1:]]
            made["answer"] = answers
        return made

    def _answers(self, item: Resource, setting: Setting) -> list[Resource]:
        expression = first(item, "initialExpression")
        if isinstance(expression, dict):
            nodes = self.expressions.nodes(expression, setting)
            found = self._taken(item, nodes, setting)
            if found:
                return found
        found = self._observed(item)
        if not found:
            found = [_valued(i) for i in item.get("initial", ())]
            found += [_valued(o) for o in item.get("answerOption", ()) if o.get("initialSelected")]
        return found if item.get("repeats") else found[:1]

    def _taken(self, item: Resource, nodes: Sequence[Typed], setting: Setting) -> list[Resource]:
        """The answers that values make; what doesn't fit is told."""
        answers = [answer_of(node, item) for node in nodes]
        found = [a for a in answers if a is not None]
        if len(found) < len(answers):
            text = f"a value that isn't of the question's type, {item.get('type')}, was left out"
            self.expressions.note(text, setting.place)
        if len(found) > 1 and not item.get("repeats"):
            text = "there is more than one value, and the question takes one: none was taken"
            self.expressions.note(text, setting.place)
            return []
        return found

    def _observed(self, item: Resource) -> list[Resource]:
        period = first(item, "observationLinkPeriod")
        codes = [c for c in item.get("code", ()) if c.get("code")]
        if not isinstance(period, dict) or not codes:
            return []
        for observation in self.observed(codes, _length(period)):
            for key, found in _values(observation, codes):
                node = (key.removeprefix("value"), found, None)
                answer = answer_of(node, item)
                if answer is not None:
                    return [answer]
        return []


def response(
    questionnaire: Resource,
    expressions: Expressions,
    observed: Observed,
    *,
    subject: Resource | None,
    authored: str,
    variables: Mapping[str, Any],
) -> Resource:
    """The QuestionnaireResponse, with every answer that is known."""
    made: Resource = {"resourceType": "QuestionnaireResponse"}
    url, version = questionnaire.get("url"), questionnaire.get("version")
    if url:
        made["questionnaire"] = f"{url}|{version}" if version else url
    elif questionnaire.get("id"):
        made["questionnaire"] = f"Questionnaire/{questionnaire['id']}"
    made["status"] = "in-progress"
    if subject is not None:
        made["subject"] = subject
    made["authored"] = authored
    known = {**variables, "questionnaire": questionnaire}
    setting = Setting("QuestionnaireResponse", made, made, known, "Questionnaire")
    setting = expressions.with_variables(questionnaire, setting)
    context = first(questionnaire, "itemPopulationContext")
    if isinstance(context, dict) and context.get("name"):
        nodes = of_bundles(expressions.nodes(context, setting))
        setting = setting.having(context["name"], nodes)
    items = Filling(expressions, observed).items(questionnaire.get("item", ()), setting)
    return made | ({"item": items} if items else {})


def place_of(item: Resource) -> str:
    """Where an item is, as FHIRPath."""
    link = str(item.get("linkId")).replace("\\", "\\\\").replace("'", "\\'")
    return f"Questionnaire.descendants().where(linkId='{link}')"


def of_bundles(nodes: Sequence[Typed]) -> list[Typed]:
    """A search's matches in the place of its Bundle."""
    found: list[Typed] = []
    for node in nodes:
        if node[0] == "Bundle":
            inside = (e for e in node[1].get("entry", ()) if _is_match(e))
            found += [(e["resource"]["resourceType"], e["resource"], None) for e in inside]
        else:
            found.append(node)
    return found


def _is_match(entry: Resource) -> bool:
    return "resource" in entry and entry.get("search", {}).get("mode", "match") == "match"


def _valued(holder: Resource) -> Resource:
    return {k: v for k, v in holder.items() if k.startswith("value")}


def _length(period: Resource) -> timedelta:
    days = _DAYS.get(period.get("code") or period.get("unit") or "", 1.0)
    return min(timedelta(days=min(float(period.get("value") or 0) * days, 73_200)), _LONGEST)


def _values(observation: Resource, codes: Sequence[Resource]) -> Iterator[tuple[str, Any]]:
    """The value of an Observation, or of those of its components that have one of the codes."""
    for holder in (observation, *observation.get("component", ())):
        if _has_code(holder, codes) and value(holder) is not None:
            yield next((k, v) for k, v in holder.items() if k.startswith("value"))


def _has_code(holder: Resource, codes: Sequence[Resource]) -> bool:
    there = {(c.get("system"), c.get("code")) for c in holder.get("code", {}).get("coding", ())}
    return any((c.get("system"), c["code"]) in there for c in codes)
