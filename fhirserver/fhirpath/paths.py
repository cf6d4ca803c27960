"""Path steps: `.name` on a collection, as cheap as what is known of its type allows.

http://hl7.org/fhirpath/N1/#path-selection
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import zip_longest
from typing import Any, TypeAlias

from fhirserver.errors import Invalid
from fhirserver.fhirpath import schema
from fhirserver.fhirpath.compiled import ANYTHING, NOTHING, Compiled, Shape
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.nodes import Code, Nodes
from fhirserver.fhirpath.schema import Choice, Property

Read: TypeAlias = Callable[[Mapping[str, Any], Nodes], None]
"""Adds to a collection what a property of a JSON object holds."""


def member(source: Compiled, name: str, *, strict: bool = True) -> Compiled:
    """`source.name`; raises Invalid if the type of the source is known and has no such element.

    Not strict, `valueQuantity` stands for `value.ofType(Quantity)`.
    """
    shape = source.shape
    if not shape.is_certain:
        return Compiled(_dynamic(source.run, name), ANYTHING)
    assert shape.types is not None
    if not shape.types:
        return Compiled(source.run, NOTHING)
    found = {t: p for t in shape.types if (p := schema.member(t, name)) is not None}
    if not found and not strict:
        found = {t: p for t in shape.types if (p := schema.spelled_out(t, name)) is not None}
    if not found:
        raise Invalid(f"FHIRPath: {' and '.join(sorted(shape.types))} has no element {name}")
    types = frozenset[str]().union(*(p.types for p in found.values()))
    many = shape.many or any(p.is_list for p in found.values())
    if len(shape.types) > 1:
        return Compiled(_dynamic(source.run, name), Shape(types, many, shape.ordered))
    (owner, prop), *_ = found.items()
    reached = Shape(types, many, shape.ordered, f"{owner}.{name}")
    if schema.is_primitive(owner):
        return Compiled(_inside_primitive(source.run, _reader(prop)), reached)
    if len(prop.choices) == 1:
        choice = prop.choices[0]
        key = choice.key if source.is_this and choice.is_primitive and not many else None
        return Compiled(_step(source.run, choice, prop.is_list), reached, key=key)

    def narrow(wanted: str) -> Compiled:
        choices = tuple(c for c in prop.choices if schema.is_as(c.type, wanted))
        if not choices:
            return Compiled(lambda _this, _scope: [], NOTHING)
        shape = replace(reached, types=frozenset(c.type for c in choices))
        if len(choices) == 1:
            return Compiled(_step(source.run, choices[0], prop.is_list), shape)
        return Compiled(_reading(source.run, _reader(Property(choices, prop.is_list))), shape)

    return Compiled(_reading(source.run, _reader(prop)), reached, narrow=narrow)


def children(node: tuple[str, Any, Any]) -> Nodes:
    """Everything directly inside a node, in the order of the specification."""
    type_, value, extra = node
    inside = extra if schema.is_primitive(type_) else value
    found: Nodes = []
    if isinstance(inside, dict):
        for read in _readers(type_):
            read(inside, found)
    return found


@cache
def _readers(owner: str) -> tuple[Read, ...]:
    return tuple(_reader(p) for p in schema.members(owner).values())


@cache
def _reader_of(owner: str, name: str) -> Read | None:
    found = schema.member(owner, name)
    return None if found is None else _reader(found)


def _step(source: Code, choice: Choice, is_list: bool) -> Code:
    """The step to an element of one type: no choice is left to run time but presence."""
    key, type_ = choice.key, choice.type
    if choice.is_resource or (choice.is_primitive and is_list):
        return _reading(source, _read_choice(choice, is_list))
    if choice.is_primitive:
        sibling = "_" + key

        def primitive(this: Nodes, scope: Scope) -> Nodes:
            found = []
            for node in source(this, scope):
                owner = node[1]
                value = owner.get(key)
                if sibling in owner:
                    found.append((type_, value, owner[sibling]))
                elif value is not None:
                    found.append((type_, value, None))
            return found

        return primitive
    if is_list:

        def complex_list(this: Nodes, scope: Scope) -> Nodes:
            return [
                (type_, value, None)
                for node in source(this, scope)
                if key in node[1]
                for value in node[1][key]
            ]

        return complex_list

    def complex_one(this: Nodes, scope: Scope) -> Nodes:
        return [(type_, node[1][key], None) for node in source(this, scope) if key in node[1]]

    return complex_one


def _reading(source: Code, read: Read) -> Code:
    def run(this: Nodes, scope: Scope) -> Nodes:
        found: Nodes = []
        for node in source(this, scope):
            read(node[1], found)
        return found

    return run


def _inside_primitive(source: Code, read: Read) -> Code:
    def run(this: Nodes, scope: Scope) -> Nodes:
        found: Nodes = []
        for node in source(this, scope):
            if node[2]:
                read(node[2], found)
        return found

    return run


def _dynamic(source: Code, name: str) -> Code:
    """The step where types are known only at run time; a type without the element has nothing."""

    def run(this: Nodes, scope: Scope) -> Nodes:
        found: Nodes = []
        for type_, value, extra in source(this, scope):
            read = _reader_of(type_, name)
            if read is None:
                continue
            inside = extra if schema.is_primitive(type_) else value
            if inside is not None:
                read(inside, found)
        return found

    return run


def _reader(prop: Property) -> Read:
    reads = tuple(_read_choice(c, prop.is_list) for c in prop.choices)
    if len(reads) == 1:
        return reads[0]
    by_key = {
        key: each
        for choice, each in zip(prop.choices, reads, strict=True)
        for key in (choice.key, "_" + choice.key)
    }

    def read(owner: Mapping[str, Any], found: Nodes) -> None:
        # A value may have one of fifty types, and its owner has a few elements.
        before = len(found)
        for key in owner:
            if key in by_key:
                by_key[key](owner, found)
                if len(found) > before:
                    return

    return read


def _read_choice(choice: Choice, is_list: bool) -> Read:
    key, type_, sibling = choice.key, choice.type, "_" + choice.key

    def resources(owner: Mapping[str, Any], found: Nodes) -> None:
        if key in owner:
            values = owner[key] if is_list else (owner[key],)
            found += [(v["resourceType"], v, None) for v in values]

    def complexes(owner: Mapping[str, Any], found: Nodes) -> None:
        if key in owner:
            values = owner[key] if is_list else (owner[key],)
            found += [(type_, v, None) for v in values]

    def primitive(owner: Mapping[str, Any], found: Nodes) -> None:
        value = owner.get(key)
        if sibling in owner:
            found.append((type_, value, owner[sibling]))
        elif value is not None:
            found.append((type_, value, None))

    def primitives(owner: Mapping[str, Any], found: Nodes) -> None:
        if sibling in owner:
            # https://hl7.org/fhir/R4/json.html#primitive: two arrays in step, with nulls as gaps.
            pairs = zip_longest(owner.get(key, ()), owner[sibling])
            found += [(type_, v, e) for v, e in pairs]
        elif key in owner:
            found += [(type_, v, None) for v in owner[key]]

    if choice.is_resource:
        return resources
    if choice.is_primitive:
        return primitives if is_list else primitive
    return complexes
