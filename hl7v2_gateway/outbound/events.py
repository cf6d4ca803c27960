"""Which trigger events follow from a change: the difference of two versions decides.

`tables/events.json` says for each resource type what is looked at (`facts`, by FHIRPath) and which
event follows from the facts before and after (`rules`, the first that holds). A version that isn't
there (before a creation, after a deletion) has the fact `none`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.fhirpath import Evaluate
from fhirserver.model import json
from fhirserver.model.resource import Resource

NONE: Final = "none"
_UNTOLD: Final = frozenset({"meta", "text"})
"""What may change without anything having happened."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event to tell of. `focus` is what it is about: the version that was written, or for a
    deletion the one before. `during_visit` is the event it is while the patient has an open visit.
    """

    event: str
    focus: Resource
    before: Resource | None = None
    control: str | None = None
    during_visit: str | None = None

    @property
    def code(self) -> str:
        """The trigger event by itself: `A01`."""
        return self.event.partition("^")[2]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is looked at in a version."""

    expression: Evaluate
    names: Mapping[str, str]
    otherwise: str | None

    def of(self, version: Resource | None) -> str:
        if version is None:
            return NONE
        found = self.expression(version)
        value = "" if not found else str(found[0][1])
        return self.names.get(value, value if self.otherwise is None else self.otherwise)


@dataclass(frozen=True, slots=True)
class Rule:
    """An event, and what must be so before and after."""

    event: str
    control: str | None
    during_visit: str | None
    before: Mapping[str, frozenset[str]]
    after: Mapping[str, frozenset[str]]
    changed: tuple[str, ...]

    def holds(self, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
        return (
            all(before[fact] in allowed for fact, allowed in self.before.items())
            and all(after[fact] in allowed for fact, allowed in self.after.items())
            and (not self.changed or any(before[f] != after[f] for f in self.changed))
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What is looked at for a type, and what follows."""

    facts: Mapping[str, Fact]
    rules: Sequence[Rule]
    event_by: Mapping[str, str]

    def facts_of(self, version: Resource | None) -> dict[str, str]:
        return {name: fact.of(version) for name, fact in self.facts.items()}


def types() -> frozenset[str]:
    """The types whose changes may be told of."""
    return frozenset(_tables())


def events_of(resource_type: str) -> frozenset[str]:
    """The events that changes of a type may be, in any version of the standard.

    >>> sorted(events_of("DiagnosticReport"))
    ['ORU^R01']
    """
    rules = _tables().get(resource_type)
    if rules is None:
        return frozenset()
    named = {e for e in (r.event for r in rules.rules) if "^" in e}
    named |= {r.during_visit for r in rules.rules if r.during_visit}
    orders = {event for key, event in rules.event_by.items() if key != "fact"}
    if orders:
        orders.add("ORM^O01")
    if "RDE^O11" in named:
        named.add("RDE^O01")
    return frozenset(named | orders)


def events(before: Resource | None, after: Resource | None) -> tuple[Trigger, ...]:
    """What is to be told of a change; nothing when it says nothing new.

    >>> [t.event for t in events(None, {"resourceType": "Patient"})]
    ['ADT^A28']
    """
    focus = after if after is not None else before
    if focus is None or focus["resourceType"] not in _tables():
        return ()
    if before is not None and after is not None and _told(before) == _told(after):
        return ()
    rules = _tables()[focus["resourceType"]]
    was, is_now = rules.facts_of(before), rules.facts_of(after)
    for rule in rules.rules:
        if rule.holds(was, is_now):
            event = rule.event
            if rules.event_by:
                known = is_now if after is not None else was
                event = rules.event_by[known[rules.event_by["fact"]]]
            return (Trigger(event, focus, before, rule.control, rule.during_visit),)
    return ()


def _told(version: Resource) -> dict[str, Any]:
    return {name: value for name, value in version.items() if name not in _UNTOLD}


@cache
def _tables() -> dict[str, Rules]:
    text = resources.files("hl7v2_gateway.outbound.tables").joinpath("events.json").read_bytes()
    return {name: _rules(name, given) for name, given in json.parse_object(text).items()}


def _rules(resource_type: str, given: Mapping[str, Any]) -> Rules:
    return Rules(
        {
            name: Fact(
                fhirpath.compile(fact["from"], resource_type),
                fact.get("is", {}),
                fact.get("otherwise"),
            )
            for name, fact in given["facts"].items()
        },
        [
            Rule(
                rule["event"],
                rule.get("control"),
                rule.get("during_visit"),
                _allowed(rule.get("before", {})),
                _allowed(rule.get("after", {})),
                tuple(rule.get("changed", ())),
            )
            for rule in given["rules"]
        ],
        given.get("event_by", {}),
    )


def _allowed(given: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    return {fact: frozenset(values) for fact, values in given.items()}
