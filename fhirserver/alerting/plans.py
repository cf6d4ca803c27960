"""Rules as a hospital writes them: PlanDefinitions of ours, or of its own under the same address.

An action is a rule. Its triggers say by code what it looks at; extensions say beyond what
it speaks up: `alert-limit` a limit of values, `alert-change` one of change. `profiles/alerts` has a
file for each kind, docs/integrator/alerts.md says how to change one.

https://hl7.org/fhir/R4/plandefinition.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

from fhirserver import content
from fhirserver.alerting.readings import Code
from fhirserver.errors import Invalid
from fhirserver.model import json
from fhirserver.model.resource import Resource

OURS: Final = "https://fhirserver.example"
_EXTENSIONS: Final = f"{OURS}/StructureDefinition/"
KINDS: Final = (
    "critical-results", "result-changes", "early-warning", "new-allergy", "deterioration",
)  # fmt: skip
ADDRESSES: Final = {f"{OURS}/PlanDefinition/{kind}": kind for kind in KINDS}
PRIORITIES: Final = ("routine", "urgent", "asap", "stat")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400, "wk": 604800}


@dataclass(frozen=True, slots=True)
class Limit:
    """A value at or beyond `low` or `high`, for these ages and this sex."""

    low: Resource | None = None
    high: Resource | None = None
    ages: Resource | None = None
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of at least `amount`, or of so many percent, within a time.

    It is counted from the last value before (`last`), the lowest or the highest of that time.
    `values` must lie within it, this one included.
    """

    direction: str
    within: timedelta
    amount: Resource | None = None
    percent: Decimal | None = None
    against: str = "last"
    values: int = 2
    ages: Resource | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a plan: `key` is its id there."""

    plan: str
    key: str
    title: str
    text: str
    priority: str
    source: str
    codes: frozenset[Code] = frozenset()
    categories: frozenset[Code] = frozenset()
    flags: frozenset[str] = frozenset()
    limits: tuple[Limit, ...] = ()
    changes: tuple[Change, ...] = ()
    least: int | None = None
    single: int | None = None

    @property
    def name(self) -> str:
        """What the alert is known by: the plan and the rule in it."""
        return f"{self.plan}.{self.key}"


MOST_FRESH: Final = timedelta(days=31)
"""How far back a plan may call somebody for what has just come: nobody works through older ones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules of a kind, what they read, and after how long nobody's answer is too long.

    What is no longer `fresh` when it comes, such as an old record that is loaded, calls nobody.
    """

    kind: str
    version: str
    rules: tuple[Rule, ...] = ()
    inputs: Mapping[str, frozenset[Code]] = field(default_factory=dict)
    window: timedelta = timedelta(0)
    least_age: Resource | None = None
    patience: Mapping[str, timedelta] = field(default_factory=dict)
    rounds: int = 2
    fresh: timedelta = timedelta(days=1)

    @property
    def codes(self) -> frozenset[Code]:
        """Every code that a rule or an input looks at."""
        found = [r.codes for r in self.rules]
        return frozenset[Code]().union(*found, *self.inputs.values())


@cache
def shipped_plans() -> Mapping[str, Plan]:
    """The plans that come with the server, by kind."""
    folder = content.folder("profiles") / "alerts"
    found = (
        plan_of(json.parse_object((folder / f"PlanDefinition-{kind}.json").read_bytes()))
        for kind in KINDS
    )
    return {plan.kind: plan for plan in found}


def plan_of(definition: Resource) -> Plan:
    """A PlanDefinition as a plan; raises Invalid, saying where, if it is no plan of ours.

    One that isn't active has no rules: so a hospital turns a kind of alert off.
    """
    kind = ADDRESSES.get(definition.get("url") or "")
    if kind is None:
        raise Invalid("the url is that of no kind of alert", expression="PlanDefinition.url")
    source = _source(definition)
    is_on = definition.get("status") == "active"
    actions = definition.get("action", ()) if is_on else ()
    rules = [r for i, a in enumerate(actions) for r in _rules(kind, source, a, f"action[{i}]")]
    if len({r.key for r in rules}) < len(rules):
        raise Invalid("two actions have one id", expression="PlanDefinition.action.id")
    fresh = _duration(_value(definition, "alert-fresh", "Duration")) or timedelta(days=1)
    if fresh > MOST_FRESH:
        raise Invalid(
            f"alert-fresh is at most {MOST_FRESH.days} days", expression="PlanDefinition.extension"
        )
    return Plan(
        kind,
        definition.get("version") or "",
        tuple(rules),
        {i["id"]: _filtered([i], "code") for a in actions for i in a.get("input", ())},
        _duration(_value(definition, "alert-window", "Duration")),
        _value(definition, "alert-age", "Range"),
        {
            _value(e, "priority", "Code"): _duration(_value(e, "after", "Duration"))
            for e in _extensions(definition, "alert-escalation")
        },
        _value(definition, "alert-rounds", "Integer") or 2,
        fresh,
    )


def _rules(kind: str, source: str, action: Resource, place: str) -> Iterator[Rule]:
    """The rule of an action, or those of the actions inside it."""
    inner = action.get("action", ())
    if inner:
        for i, one in enumerate(inner):
            yield from _rules(kind, _source(action) or source, one, f"{place}.action[{i}]")
        return
    try:
        yield _rule(kind, source, action)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Invalid(
            f"the action is no rule: {type(error).__name__} at {error}",
            expression=f"PlanDefinition.{place}",
        ) from error


def _rule(kind: str, source: str, action: Resource) -> Rule:
    data = [d for t in action.get("trigger", ()) for d in t.get("data", ())]
    priority = action.get("priority") or "urgent"
    score = next(iter(_extensions(action, "alert-score")), {})
    limits = tuple(_limit(e) for e in _extensions(action, "alert-limit"))
    changes = tuple(_change(e) for e in _extensions(action, "alert-change"))
    PRIORITIES.index(priority)
    return Rule(
        kind,
        action["id"],
        action["title"],
        action.get("description") or action["title"],
        priority,
        _source(action) or source,
        _filtered(data, "code"),
        _filtered(data, "category"),
        frozenset(code for _, code in _filtered(data, "interpretation")),
        limits,
        changes,
        _value(score, "least", "Integer"),
        _value(score, "single", "Integer"),
    )


def _limit(extension: Resource) -> Limit:
    found = Limit(
        _value(extension, "low", "Quantity"),
        _value(extension, "high", "Quantity"),
        _value(extension, "age", "Range"),
        _value(extension, "gender", "Code"),
    )
    for quantity in (found.low, found.high):
        if quantity is not None:
            Decimal(quantity["value"]), quantity["code"]
    if found.low is None and found.high is None:
        raise ValueError("alert-limit")
    return found


def _change(extension: Resource) -> Change:
    found = Change(
        _value(extension, "direction", "Code"),
        _duration(_value(extension, "within", "Duration")),
        _value(extension, "amount", "Quantity"),
        _value(extension, "percent", "Decimal"),
        _value(extension, "against", "Code") or "last",
        _value(extension, "values", "Integer") or 2,
        _value(extension, "age", "Range"),
    )
    ("rise", "fall", "either").index(found.direction)
    ("last", "lowest", "highest").index(found.against)
    if not found.within or (found.amount is None) is (found.percent is None):
        raise ValueError("alert-change")
    return found


def _filtered(data: Iterable[Resource], path: str) -> frozenset[Code]:
    return frozenset(
        (c.get("system") or "", c["code"])
        for d in data
        for f in d.get("codeFilter", ())
        if f.get("path") == path
        for c in f.get("code", ())
    )


def _source(resource: Resource) -> str:
    """What a rule rests on: the citations of the plan or the action."""
    artifacts = (*resource.get("relatedArtifact", ()), *resource.get("documentation", ()))
    return "; ".join(a["citation"] for a in artifacts if a.get("citation"))


def _extensions(element: Resource, name: str) -> Iterator[Resource]:
    for one in element.get("extension", ()):
        if one.get("url") in {name, _EXTENSIONS + name}:
            yield one


def _value(element: Resource, name: str, kind: str) -> Any:
    return next((e.get(f"value{kind}") for e in _extensions(element, name)), None)


def _duration(quantity: Resource | None) -> timedelta:
    if quantity is None:
        return timedelta(0)
    return timedelta(seconds=float(quantity["value"]) * _SECONDS[quantity["code"]])
