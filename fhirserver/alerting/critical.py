"""Critical results: a value at or beyond a limit that calls for somebody now.

The communication of critical and unexpected pathology results, Royal College of Pathologists, G158
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from fhirserver.alerting.hits import Hit
from fhirserver.alerting.person import Person
from fhirserver.alerting.plans import Limit, Plan, Rule
from fhirserver.alerting.readings import Reading, readings
from fhirserver.model.resource import Resource

_BEYOND: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LEAST_KNOWN: Final = frozenset({">", ">="})
_MOST_KNOWN: Final = frozenset({"<", "<="})


def critical(plan: Plan, observation: Resource, person: Person) -> list[Hit]:
    """What is critical in an Observation: one hit for each rule.

    What the laboratory itself calls critical is told when no limit of ours has told it.
    """
    found = list(readings(observation))
    categories = {
        (c.get("system") or "", c.get("code") or "")
        for k in observation.get("category", ()) for c in k.get("coding", ())
    }  # fmt: skip
    hits = [h for rule in plan.rules if not rule.flags for h in _limits(rule, found, person)]
    if hits:
        return hits
    return [
        h
        for rule in plan.rules
        if rule.flags and (not rule.categories or rule.categories & categories)
        for h in _flags(rule, found)
    ]


def uncompared(plan: Plan, observation: Resource) -> list[str]:
    """The rules that are about a value of an Observation, but can't compare it: by its unit."""
    found = [r for r in readings(observation) if r.number is not None]
    return [
        rule.key
        for rule in plan.rules
        if any(r.has(rule.codes) and not _is_compared(rule, r) for r in found)
    ]


def _is_compared(rule: Rule, reading: Reading) -> bool:
    ends = [end for limit in rule.limits for end in (limit.low, limit.high) if end is not None]
    return not ends or any(reading.inside(end["code"]) is not None for end in ends)


def _limits(rule: Rule, found: Iterable[Reading], person: Person) -> Iterator[Hit]:
    for reading in found:
        if not reading.has(rule.codes):
            continue
        for limit in rule.limits:
            if not (person.is_within(limit.ages) and person.is_of(limit.gender)):
                continue
            text = _beyond(limit, reading)
            if text is not None:
                who = "" if person.days is not None or limit.ages is None else ", age unknown"
                yield Hit(rule, f"{rule.title} {reading.text} ({text}{who})", reading.text)
                return


def _beyond(limit: Limit, reading: Reading) -> str | None:
    """Which limit a value has reached. One that is only known to be below or above some value
    may be anywhere there, and counts as beyond.
    """
    for end, known, word in ((limit.low, _MOST_KNOWN, "at or below"),
                             (limit.high, _LEAST_KNOWN, "at or above")):  # fmt: skip
        if end is None:
            continue
        number = reading.inside(end["code"])
        if number is None:
            continue
        compare = _BEYOND[end.get("comparator") or ("<=" if end is limit.low else ">=")]
        strict = compare in {operator.lt, operator.gt}
        if reading.comparator in known or compare(number, Decimal(end["value"])):
            unit = end.get("unit") or end["code"]
            side = word.removeprefix("at or ") if strict else word
            return f"limit: {side} {end['value']} {unit}"
    return None


def _flags(rule: Rule, found: Iterable[Reading]) -> Iterator[Hit]:
    for reading in found:
        said = rule.flags.intersection(reading.flags)
        if said:
            flag = min(said)
            text = f"{reading.name} {reading.text} (the laboratory's flag {flag})"
            yield Hit(rule, text, f"{reading.text} {flag}")
            return
