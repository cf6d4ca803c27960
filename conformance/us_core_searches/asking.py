"""The searches that a resource's own content asks for, with the values in every form.

A question is a list of conditions, each with the values of which one is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any, Final

from conformance.server import BASE
from conformance.us_core_searches import matching
from conformance.us_core_searches.filled import Resource
from conformance.us_core_searches.metadata import Group, Parameter, elements

TEXTS: Final = {"name", "family", "address", "address-city", "address-state",
                "address-postalcode"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """A parameter and its values, not escaped."""

    parameter: Parameter
    values: tuple[str, ...]

    @property
    def pair(self) -> tuple[str, str]:
        return self.parameter.name, ",".join(map(self._sent, self.values))

    def _sent(self, value: str) -> str:
        if self.parameter.is_reference or self.parameter.is_date:
            return value
        system, bar, code = value.rpartition("|")
        return f"{matching.escaped(system)}{bar}{matching.escaped(code)}"

    def holds(self, resource: Mapping[str, Any]) -> bool:
        return any(
            self._is(element, value)
            for element in elements(resource, self.parameter.paths)
            for value in self.values
        )

    @property
    def _is(self) -> Callable[[Any, str], bool]:
        return _meaning(self.parameter)


def _meaning(parameter: Parameter) -> Callable[[Any, str], bool]:
    if parameter.is_date:
        return matching.is_in_time
    if parameter.is_reference or parameter.name == "questionnaire":
        return matching.is_reference
    return matching.is_text if parameter.name in TEXTS else matching.is_token


@dataclass(frozen=True, slots=True)
class Question:
    """A search, and what its form is called."""

    form: str
    conditions: tuple[Condition, ...]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [c.pair for c in self.conditions]

    def holds(self, resource: Mapping[str, Any]) -> bool:
        return all(c.holds(resource) for c in self.conditions)


def plain(group: Group, search: Sequence[str], sample: Resource) -> Question | None:
    """The search as the kit makes it; None when the resource lacks a value."""
    conditions = []
    for name in search:
        parameter = group.parameters[name]
        value = next(_values(parameter, sample), None)
        if value is None:
            return None
        conditions.append(Condition(parameter, (value,)))
    return Question("get", tuple(conditions))


def _values(parameter: Parameter, resource: Resource) -> Iterator[str]:
    """What finds the resource by the parameter; a code of the group's profile first."""
    found = list(elements(resource, parameter.paths))
    if parameter.is_date:
        yield from filter(None, map(_moment, found))
    elif parameter.is_reference:
        yield from (e["reference"].split("/")[-1] for e in found if "reference" in e)
    elif parameter.name in TEXTS:
        yield from chain.from_iterable(map(matching.texts, found))
    elif parameter.name == "questionnaire":
        yield from found
    else:
        codes = [code for e in found for _, code in matching.tokens(e)]
        yield from sorted(codes, key=lambda c: c not in parameter.fixed)


def _moment(element: Any) -> str | None:
    """The search value for a date; a period is asked for by what is after the day before."""
    if isinstance(element, str):
        return element
    start, end = element.get("start"), element.get("end")
    if start:
        return f"gt{_shifted(start, -1)}"
    return f"lt{_shifted(end, 1)}" if end else None


def _shifted(text: str, days: int) -> str:
    return (matching.bounds(text)[0] + timedelta(days=days)).isoformat()


def others(question: Question, sample: Resource, alike: Iterable[Resource]) -> Iterator[Question]:
    """The same search in the other forms: `alike` are the resources to take more values from."""
    pool = list(alike)
    for number, condition in enumerate(question.conditions):
        for form, values in _forms(condition, sample, pool):
            changed = list(question.conditions)
            changed[number] = Condition(condition.parameter, tuple(values))
            yield Question(form, tuple(changed))


def _forms(
    condition: Condition, sample: Resource, pool: Sequence[Resource]
) -> Iterator[tuple[str, Sequence[str]]]:
    parameter = condition.parameter
    (value,) = condition.values
    found = list(elements(sample, parameter.paths))
    if parameter.is_date:
        yield from _comparisons(parameter, found)
    elif parameter.is_reference:
        reference = next(e["reference"] for e in found if "reference" in e)
        yield f"{parameter.name} as a reference", [reference]
        yield f"{parameter.name} as an address", [f"{BASE}/{reference}"]
    elif parameter.name in TEXTS:
        yield f"{parameter.name} in capitals", [value.upper()]
        yield f"{parameter.name} by its beginning", [value[: max(1, len(value) // 2)]]
    elif parameter.name not in {"questionnaire", "_id"}:
        for element in found:
            systems = [f"{s}|{c}" for s, c in matching.tokens(element) if s and c == value]
            if systems:
                yield f"{parameter.name} with its system", systems[:1]
                break
        yield f"{parameter.name} in capitals", [value.upper()]
    if parameter.is_or:
        values = sorted({v for r in pool for v in _values(parameter, r)})
        if len(values) > 1:
            yield f"several of {parameter.name}", values


def _comparisons(parameter: Parameter, found: Sequence[Any]) -> Iterator[tuple[str, list[str]]]:
    for element in found[:1]:
        text = element if isinstance(element, str) else element.get("start") or element.get("end")
        if text is None:
            continue
        for compare in parameter.comparators:
            if compare == "ap":  # What is near depends on today.
                continue
            texts = [text, _shifted(text, -1), _shifted(text, 1)]
            texts += [text[:10], text[:7], text[:4]] if compare in {"eq", "ge", "lt"} else []
            for one in dict.fromkeys(texts):
                yield f"{parameter.name} {compare}", [f"{compare}{one}"]
        yield f"{parameter.name} between", [f"eq{text[:7]}", f"gt{_shifted(text, 30)}"]
