"""Every rule on everything in a resource: over its plain values, with nodes where a rule needs one.

What is looked at in a type is put together once, when it is first met. A property of which no rule
and no invariant could say anything isn't visited at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from fhirserver.fhirpath import Env
from fhirserver.model import definitions
from fhirserver.model.definitions import Property
from fhirserver.model.resource import Resource
from fhirserver.validation.all_invariants import check_invariants, invariants_of
from fhirserver.validation.node import Node, Place, members, node_at
from fhirserver.validation.rule import Judge, Rule, Screen, rules_for, rules_for_ids
from fhirserver.validation.run import Run

_Look: TypeAlias = Callable[[Run, Any, Resource, Place, Env], None]
"""Looks at the value of a property, in an object that is at a place."""

_Judges: TypeAlias = tuple[tuple[Judge, Screen], ...]


def walk(run: Run, node: Node) -> None:
    """Every rule on a resource and on all that is inside, resources too."""
    run.resources.append(node)
    _walk(run, node.value, _plan(node.type, node.property), node, run.own_env(node))


class _Plan:
    """What is looked at in an object of a type that is the value of a property.

    Filled when first needed: types refer to one another.
    """

    __slots__ = ("inside", "invariants", "judges", "property", "type")

    def __init__(self, type_: str, p: Property | None) -> None:
        self.type = type_
        self.property = p
        self.inside: Mapping[str, _Look] | None = None

    def fill(self) -> Mapping[str, _Look]:
        """Put it together; the properties that are visited, with how."""
        self.invariants = invariants_of(self.type, _path(self.property))
        self.judges = _judges(rules_for(self.type), self.property)
        self.inside = _inside(self.type)
        return self.inside


def _path(p: Property | None) -> str | None:
    return None if p is None else p.element.path


_plans: dict[tuple[str, int], _Plan] = {}


def _plan(type_: str, p: Property | None) -> _Plan:
    # The definitions keep a property as long as the process lives.
    key = type_, id(p)
    found = _plans.get(key)
    if found is None:
        found = _plans[key] = _Plan(type_, p)
    return found


def _judges(rules: tuple[Rule, ...], p: Property | None) -> _Judges:
    return tuple((rule.judge, screen) for rule in rules if (screen := rule.when(p)) is not None)


def _walk(run: Run, value: Resource, plan: _Plan, place: Place, env: Env) -> None:
    inside = plan.inside
    if inside is None:
        inside = plan.fill()
    for judge, may_judge in plan.judges:
        if may_judge(run, value):
            judge(run, node_at(place))
    if plan.invariants:
        check_invariants(run, plan.invariants, value, place, env)
    if "id" in value:
        _with_id(run, value, node_at(place))
    for name, member in value.items():
        look = inside.get(name)
        if look is not None:
            look(run, member, value, place, env)


def _with_id(run: Run, value: Resource, node: Node) -> None:
    for judge, _ in rules_for_ids():
        judge(run, node)
    if len(value) == 1:
        run.error("invariant", "ele-1: must have a value or children besides its id", node)


@cache
def _inside(type_: str) -> Mapping[str, _Look]:
    """What is visited in objects of a type."""
    looks: dict[str, _Look] = {}
    for name, (p, is_primitive, is_sibling) in members(type_).items():
        look: _Look | None
        if is_sibling:
            look = _sibling(p, _primitive(p))
        elif is_primitive:
            look = _primitive_member(p, _primitive(p))
        else:
            look = _object_member(p, _resource(p) if p.target_path == "Resource" else _object(p))
        if look is not None:
            looks[name] = look
    return looks


_One: TypeAlias = Callable[[Run, Any, Place, "int | None", Env], None]
"""Looks at one value of a property, by the place of the object that it is in, and its index."""


def _object(p: Property) -> _One:
    plan = _plan(p.target_path, p)

    def look(run: Run, value: Any, around: Place, index: int | None, env: Env) -> None:
        if type(value) is dict:
            _walk(run, value, plan, (around, p, index), env)

    return look


def _resource(p: Property) -> _One:
    def look(run: Run, value: Any, around: Place, index: int | None, env: Env) -> None:
        name = value.get("resourceType") if type(value) is dict else None
        if type(name) is str and definitions.load().is_resource(name):
            walk(run, node_at((around, p, index)))

    return look


def _object_member(p: Property, one: _One) -> _Look:
    def look_at_list(run: Run, member: Any, _in: Resource, around: Place, env: Env) -> None:
        if type(member) is list:
            for i, value in enumerate(member):
                one(run, value, around, i, env)

    def look(run: Run, member: Any, _in: Resource, around: Place, env: Env) -> None:
        one(run, member, around, None, env)

    return look_at_list if p.is_list else look


def _primitive(p: Property) -> _One | None:
    """How one value is looked at; None if nothing can be said of any."""
    judges = _judges(rules_for(p.target_path), p)
    invariants = invariants_of(p.target_path, _path(p))
    if not judges and not invariants:
        return None

    def look(run: Run, value: Any, around: Place, index: int | None, env: Env) -> None:
        if type(value) is dict or type(value) is list:
            return
        for judge, may_judge in judges:
            if may_judge(run, value):
                judge(run, node_at((around, p, index)))
        if invariants:
            check_invariants(run, invariants, value, (around, p, index), env)

    return look


def _primitive_member(p: Property, one: _One | None) -> _Look | None:
    if one is None:
        return None

    def look_at_list(run: Run, member: Any, _in: Resource, around: Place, env: Env) -> None:
        if type(member) is list:
            for i, value in enumerate(member):
                if value is not None:
                    one(run, value, around, i, env)

    def look(run: Run, member: Any, _in: Resource, around: Place, env: Env) -> None:
        if member is not None:
            one(run, member, around, None, env)

    return look_at_list if p.is_list else look


def _sibling(p: Property, one: _One | None) -> _Look:
    """The ids and extensions of primitives, and those that have nothing else."""

    def look(run: Run, value: Any, extra: Any, around: Place, index: int | None, env: Env) -> None:
        if extra is None or type(value) is dict or type(value) is list:
            return
        if value is None and one is not None:
            one(run, None, around, index, env)
        if type(extra) is not dict:
            return
        place = around, p, index
        if "id" in extra:
            for judge, _ in rules_for_ids():
                judge(run, node_at(place))
        inside = _inside("Element")
        for name, member in extra.items():
            found = inside.get(name)
            if found is not None:
                found(run, member, extra, place, env)

    def look_at_list(run: Run, member: Any, in_: Resource, around: Place, env: Env) -> None:
        values = in_.get(p.name)
        values = values if type(values) is list else []
        for i, extra in enumerate(member if type(member) is list else ()):
            look(run, values[i] if i < len(values) else None, extra, around, i, env)

    def look_at_one(run: Run, member: Any, in_: Resource, around: Place, env: Env) -> None:
        look(run, in_.get(p.name), member, around, None, env)

    return look_at_list if p.is_list else look_at_one
