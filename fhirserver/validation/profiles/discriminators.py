"""Which slice a value belongs to: what a slice says at the paths of its discriminators.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from fhirserver.model import definitions
from fhirserver.validation.node import Node
from fhirserver.validation.profile import Element, Profile, Said, TypeOf, is_base_type
from fhirserver.validation.profiles.patterns import is_fixed, is_like

_STEP: Final = re.compile(
    r"(?P<function>extension|ofType|resolve|memberOf|as)\((?P<argument>[^()]*)\)"
    r"|(?P<this>\$this)|(?P<name>[A-Za-z][A-Za-z0-9]*)(?:\[x\])?"
)


class Checks(Protocol):
    """What telling slices apart asks of who checks profiles."""

    def profile(self, canonical: str) -> Profile | None: ...

    def type_root(self, type_: str) -> Element | None:
        """The definition of a type of the standard."""
        ...

    def fits(self, node: Node, element: Element) -> bool:
        """Whether a node has no errors by an element's definition."""
        ...

    def conforms(self, node: Node, canonical: str) -> bool:
        """Whether a node conforms to a profile."""
        ...

    def is_bound(self, node: Node, value_set: str) -> bool:
        """Whether a node's code is in a value set."""
        ...

    def resolve(self, reference: Node) -> Node | None:
        """The resource that a Reference points at."""
        ...


@lru_cache(1_024)
def steps_of(path: str) -> tuple[tuple[str, str], ...] | None:
    """A discriminator's path as (kind, argument): ("name", "code"); None if it isn't understood.

    >>> steps_of("extension('http://a.b/c').value.resolve()")
    (('extension', 'http://a.b/c'), ('name', 'value'), ('resolve', ''))
    """
    steps: list[tuple[str, str]] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return None
        if found["function"]:
            steps.append((found["function"], found["argument"].strip("'\" ")))
        elif found["name"]:
            steps.append(("name", found["name"]))
        at = found.end()
        if at < len(path):
            if path[at] != ".":
                return None
            at += 1
    return tuple(steps)


def belongs(
    node: Node, slice_: Element, discriminators: Iterable[tuple[str, str]], checks: Checks
) -> bool:
    """Whether a value is one of a slice, by all discriminators."""
    return all(_agrees(node, slice_, type_, path, checks) for type_, path in discriminators)


def _agrees(node: Node, slice_: Element, type_: str, path: str, checks: Checks) -> bool:
    found: Said | None = slice_.said_at.get(path)
    if found is None:
        found = slice_.said_at[path] = _said(slice_, path, checks)
    if found.steps is None:
        return False
    nodes = _nodes_at([node], found.steps, checks)
    said = found.said
    match type_:
        case "value" | "pattern":
            return _agrees_by_value(nodes, found, checks)
        case "exists":
            least = max((e.min for e in said), default=0)
            most = min((e.max if e.max is not None else 1 for e in said), default=1)
            if most == 0:
                return not nodes
            return bool(nodes) if least > 0 else True
        case "type":
            return any(_is_of_type(n, e) for n in nodes for e in said)
        case "profile":
            return any(_has_profile(n, e, checks) for n in nodes for e in said)
    return False


def _said(slice_: Element, path: str, checks: Checks) -> Said:
    steps = steps_of(path)
    if steps is None:
        return Said(None, (), ())
    said = tuple(_definitions_at(slice_, steps, checks))
    return Said(steps, said, tuple(_values_above(slice_, steps, checks)))


def _agrees_by_value(nodes: list[Node], found: Said, checks: Checks) -> bool:
    said = found.said
    if found.inherited:
        return any(is_like(n.value, v) for n in nodes for v in found.inherited)
    for element in said:
        if "fixed" in element.values:
            return any(is_fixed(n.value, element.values["fixed"]) for n in nodes)
        if "pattern" in element.values:
            return any(is_like(n.value, element.values["pattern"]) for n in nodes)
    for element in said:
        if element.binding is not None and element.binding[0] == "required":
            return any(checks.is_bound(n, element.binding[1]) for n in nodes)
    if not said:
        return False
    # Nothing is said of the value itself: what is said of its parts decides.
    return any(checks.fits(n, e) for n in nodes for e in said)


def _nodes_at(nodes: list[Node], steps: Sequence[tuple[str, str]], checks: Checks) -> list[Node]:
    for kind, argument in steps:
        match kind:
            case "name":
                nodes = [c for n in nodes for c in n.named(argument)]
            case "extension":
                nodes = [
                    c for n in nodes for c in n.named("extension") if c.text("url") == argument
                ]
            case "resolve":
                nodes = [r for n in nodes if (r := checks.resolve(n)) is not None]
            case "ofType" | "as":
                nodes = [n for n in nodes if n.type == argument.removeprefix("FHIR.")]
    return nodes


def _definitions_at(
    element: Element, steps: Sequence[tuple[str, str]], checks: Checks
) -> Iterable[Element]:
    if not steps:
        yield element
        return
    (kind, argument), rest = steps[0], steps[1:]
    match kind:
        case "name":
            for child in _children(element, argument, checks):
                yield from _definitions_at(child, rest, checks)
        case "extension":
            for extension in _extensions(element, argument, checks):
                yield from _definitions_at(extension, rest, checks)
        case "resolve":
            if not rest:
                yield element
                return
            for target in _targets(element):
                profile = checks.profile(target)
                if profile is not None:
                    yield from _definitions_at(profile.root, rest, checks)
        case _:
            yield from _definitions_at(element, rest, checks)


def _children(element: Element, name: str, checks: Checks) -> list[Element]:
    """How an element inside is defined: here, by the profiles of the type, or by the type."""
    here = element.child(name)
    if here is not None:
        # `code.coding` may itself be sliced: what its required slices say holds for the value.
        return [*(s for s in here.slices if s.min > 0), here]
    found: list[Element] = []
    for t in element.types:
        for canonical in t.profiles:
            profile = checks.profile(canonical)
            child = profile.root.child(name) if profile is not None else None
            if child is not None:
                found.append(child)
        if not t.profiles and not found:
            root = checks.type_root(t.code)
            child = root.child(name) if root is not None else None
            if child is not None:
                found.append(child)
    return found


def _extensions(element: Element, url: str, checks: Checks) -> list[Element]:
    child = element.child("extension")
    slices = child.slices if child is not None else []
    named = [s for s in slices if any(url in t.profiles for t in s.types)]
    if named:
        return named
    profile = checks.profile(url)
    return [] if profile is None else [profile.root]


def _values_above(
    slice_: Element, steps: Sequence[tuple[str, str]], checks: Checks
) -> Iterable[Any]:
    """What a fixed or pattern value further up says at the path: of `code` about `coding.code`."""
    for depth in range(len(steps)):
        for element in _definitions_at(slice_, steps[:depth], checks):
            value = element.values.get("pattern", element.values.get("fixed"))
            rest = [argument for kind, argument in steps[depth:] if kind == "name"]
            if value is not None and len(rest) == len(steps) - depth:
                yield from _inside(value, rest)


def _inside(value: Any, names: list[str]) -> Iterable[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _inside(each, names)
    elif not names:
        yield value
    elif isinstance(value, dict) and names[0] in value:
        yield from _inside(value[names[0]], names[1:])


def _targets(element: Element) -> list[str]:
    return [target for t in element.types for target in t.targets]


def _is_of_type(node: Node, element: Element) -> bool:
    if node.is_resource:
        names = [_type_name(t) for t in _targets(element)] or [t.code for t in element.types]
        return node.type in names or "Resource" in names
    codes = {t.code for t in element.types}
    known = definitions.load()
    return node.type in codes or any(
        "." not in node.type and c in known.structure_names and known.is_a(node.type, c)
        for c in codes
    )


def _type_name(canonical: str) -> str:
    return canonical.partition("|")[0].rpartition("/")[2]


def _has_profile(node: Node, element: Element, checks: Checks) -> bool:
    wanted = [p for t in element.types for p in _profiles(t, node)]
    if not wanted:
        return _is_of_type(node, element)
    return any(checks.conforms(node, canonical) for canonical in wanted)


def _profiles(t: TypeOf, node: Node) -> list[str]:
    if node.is_resource and t.targets:
        return list(t.targets)
    return [p for p in t.profiles if not is_base_type(p)]
