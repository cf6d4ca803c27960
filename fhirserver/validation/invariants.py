"""The invariants of the base standard: FHIRPath expressions that must hold for every resource.

Each type is compiled once into a plan: the rules for an object, and the properties below which
there are more. A plan runs on content that has its right shape, after the structure was checked.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from fhirserver import fhirpath
from fhirserver.errors import Invalid
from fhirserver.fhirpath import Env
from fhirserver.fhirpath.env import OWN_SECONDS, OWN_STEPS
from fhirserver.model import definitions
from fhirserver.model.definitions import Constraint, Property
from fhirserver.model.resource import Resource
from fhirserver.validation.common_invariants import COMMON
from fhirserver.validation.findings import Finding, at
from fhirserver.validation.touching import needed

Findings: TypeAlias = Sequence[Finding]
Holds: TypeAlias = Callable[[Any, Env], bool]
"""Whether an invariant holds for a value."""

# Checked by other rules: no contained resources in contained ones (structure), narratives.
ELSEWHERE: Final = frozenset({"dom-2", "txt-1", "txt-2"})


def check(resource: Resource, *, bare: bool = False) -> list[Finding]:
    """The invariants that a resource breaks; its structure has been checked before.

    `bare`: it is known to have no extensions, see is_bare.
    """
    return list(_resource(resource, None, bare=bare))


def is_bare(text: bytes) -> bool:
    """Whether a JSON text surely has no extensions, siblings of primitives or local references.

    Most objects have no other rules, so much needs no look.
    """
    # One byte is found in no time, and mostly isn't there.
    return not (
        (b"#" in text and b'"#' in text)
        or (b"\\" in text and b"\\u" in text)
        or (b"_" in text and b'"_' in text)
        or b'xtension"' in text
    )


def _resource(
    resource: Resource, root: Mapping[str, Any] | None, *, bare: bool = False
) -> Findings:
    """A resource, or one that is contained in a root."""
    env = Env(
        resource=resource,
        root_resource=root or resource,
        max_steps=OWN_STEPS,
        max_seconds=OWN_SECONDS,
    )
    return _walk(resource, _plan(resource["resourceType"], bare=bare), env)


class Rule(NamedTuple):
    """An invariant; without a property of each set of `needs` it can't be broken."""

    constraint: Constraint
    holds: Holds
    needs: tuple[frozenset[str], ...]

    def finding(self) -> Finding:
        """What is said when it is broken."""
        return Finding("", "invariant", f"{self.constraint.key}: {self.constraint.human}")


def is_spared(rule: Rule, value: Resource) -> bool:
    """Whether a rule can't be broken by an object, because of what it hasn't."""
    for names in rule.needs:  # noqa: SIM110 - a generator takes longer than what it asks
        if names.isdisjoint(value):
            return True
    return False


class _Step(NamedTuple):
    """What to do with a property: the rules for each value, and where to go on inside it."""

    name: str
    is_list: bool
    rules: tuple[Rule, ...]
    plan: _Plan | None
    is_resource: bool = False
    is_contained: bool = False


class _Plan:
    """The rules for objects at a path. Filled when first needed: types refer to one another.

    Those that are `bare` have no steps to extensions and siblings, nor to what has no rule then.
    """

    __slots__ = ("bare", "path", "rules", "steps")

    def __init__(self, path: str, *, bare: bool) -> None:
        self.path = path
        self.bare = bare
        self.rules: tuple[Rule, ...] = ()
        self.steps: dict[str, _Step] | None = None

    def fill(self) -> dict[str, _Step]:
        """The steps by JSON property, siblings of primitives included."""
        self.rules = _rules(self.path, bare=self.bare)
        steps: dict[str, _Step] = {}
        for p in definitions.load().properties(self.path).values():
            if self.bare and p.name in _EXTENSIONS:
                continue
            step = _step(p, self.path, bare=self.bare)
            if step is not None and not (self.bare and _is_idle(step)):
                steps[p.name] = step
            if (
                not self.bare
                and p.type_code in definitions.load().primitives
                and not p.element.is_attribute
            ):
                steps[f"_{p.name}"] = _Step(
                    p.element.name, p.is_list, (), _plan("Element", bare=False)
                )
        self.steps = steps
        return steps


_EXTENSIONS: Final = frozenset({"extension", "modifierExtension"})
_plans: Final[dict[tuple[str, bool], _Plan]] = {}


def _plan(path: str, *, bare: bool) -> _Plan:
    key = path, bare
    if key not in _plans:
        _plans[key] = _Plan(path, bare=bare)
    return _plans[key]


def _rules(path: str, *, bare: bool) -> tuple[Rule, ...]:
    """The rules of a path's own; ref-1 is about references into the resource itself."""
    own = _own(path)
    return rules_of(tuple(c for c in own if c.key != "ref-1") if bare else own, path)


def _is_idle(step: _Step) -> bool:
    """Whether there is no rule for a property, nor for anything inside it that isn't bare."""
    if step.rules or step.plan is None:
        return False
    seen: set[str] = set()
    left = [step.plan.path]
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        if _rules(path, bare=True):
            return False
        for p in definitions.load().properties(path).values():
            if p.name not in _EXTENSIONS:
                inside = _step(p, path, bare=True)
                if inside is not None and (inside.rules or inside.is_resource):
                    return False
                if inside is not None and inside.plan is not None:
                    left.append(inside.plan.path)
    return True


def _own(path: str) -> tuple[Constraint, ...]:
    structure = definitions.load().structure(path.partition(".")[0])
    return structure.elements[path].constraints if "." in path else structure.constraints


def _step(p: Property, path: str, *, bare: bool) -> _Step | None:
    if p.type_code == "Resource":
        return _Step(p.element.name, p.is_list, (), None, True, p.name == "contained")
    # An element with children of its own has its rules in the plan of its path.
    extra = () if p.target_path == p.element.path else p.element.constraints
    rules = rules_of(extra, p.target_path)
    if p.type_code in definitions.load().primitives:
        return _Step(p.element.name, p.is_list, rules, None) if rules else None
    return _Step(p.element.name, p.is_list, rules, _plan(p.target_path, bare=bare))


def rules_of(constraints: tuple[Constraint, ...], path: str) -> tuple[Rule, ...]:
    """The rules that are errors when they are broken, compiled for values at a path."""
    return tuple(
        rule
        for c in constraints
        if c.severity == "error" and c.key not in ELSEWHERE
        if (rule := compiled(c, path)) is not None
    )


def compiled(constraint: Constraint, path: str) -> Rule | None:
    """The rule of an invariant, or None if it can't apply to values of this type."""
    holds = COMMON.get(constraint.key) or _holds(constraint.expression, path)
    if holds is None:
        return None
    return Rule(constraint, holds, needed(constraint.expression, path))


def _holds(expression: str, path: str) -> Holds | None:
    try:
        evaluate = fhirpath.compile(expression, path)
    except Invalid:
        return None

    def holds(value: Any, env: Env) -> bool:
        try:
            found = evaluate(value, env)
        except Invalid:
            # Many values where the expression takes one: the standard's mistake, not the sender's.
            return True
        return len(found) == 1 and found[0][1] is not False

    return holds


def _walk(value: Resource, plan: _Plan, env: Env) -> Findings:
    steps = plan.steps
    if steps is None:
        steps = plan.fill()
    found: Findings = ()
    for rule in plan.rules:
        if not is_spared(rule, value) and not rule.holds(value, env):
            found = [*found, rule.finding()]
    # Most objects have nothing inside that rules could be about: a Coding, a Quantity.
    if steps.keys().isdisjoint(value):
        return found
    for name, member in value.items():
        step = steps.get(name)
        if step is not None and not _has_no_rule(step, member):
            inside = _listed(step, member, env) if step.is_list else _single(step, member, env)
            if inside:
                found = [*found, *at(f".{step.name}", inside)]
    return found


def _has_no_rule(step: _Step, member: Any) -> bool:
    """Whether there is no rule for a value, nor for what is in it: most References and Codings."""
    plan = step.plan
    if plan is None or plan.steps is None or plan.rules or step.rules:
        return False
    inside = plan.steps.keys()
    if not step.is_list:
        return inside.isdisjoint(member)
    for one in member:  # noqa: SIM110 - a generator takes longer than what it asks
        if one is not None and not inside.isdisjoint(one):
            return False
    return True


def _listed(step: _Step, members: list[Any], env: Env) -> Findings:
    found: Findings = ()
    for i, member in enumerate(members):
        # In a list of primitives null stands for a value that isn't there.
        if member is not None:
            inside = _single(step, member, env)
            if inside:
                found = [*found, *at(f"[{i}]", inside)]
    return found


def _single(step: _Step, member: Any, env: Env) -> Findings:
    if step.is_resource:
        return _resource(member, env.root_resource if step.is_contained else None)
    found: Findings = ()
    for rule in step.rules:
        if not rule.holds(member, env):
            found = [*found, rule.finding()]
    if step.plan is None:
        return found
    inside = _walk(member, step.plan, env)
    return [*found, *inside] if found else inside
