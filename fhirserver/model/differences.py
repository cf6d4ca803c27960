"""What changed between two resources: a FHIRPath Patch that turns one into the other. Pure.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Any, Final, NamedTuple

from fhirserver.model import definitions, json
from fhirserver.model.definitions import Property
from fhirserver.model.parameters import parts, value
from fhirserver.model.resource import Resource

MOST_ALIGNED: Final = 500
"""Longer lists are compared place by place where they differ: aligning them takes too long."""


class Item(NamedTuple):
    """An element's value, and what a primitive has beside it (`_birthDate`)."""

    value: Any
    beside: Any = None


def differences(old: Resource, new: Resource, *, leave_out: Sequence[str] = ()) -> list[Resource]:
    """The operations, to be carried out in their order; none when the two say the same.

    Both must be of one type. `leave_out` names top-level elements that don't count.
    """
    resource_type = new["resourceType"]
    ignored = {"resourceType", *leave_out}
    return list(
        _object(resource_type, resource_type, _without(old, ignored), _without(new, ignored))
    )


def _without(resource: Resource, names: set[str]) -> Resource:
    return {k: v for k, v in resource.items() if k.removeprefix("_") not in names}


def _object(
    path: str, type_path: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Resource]:
    """What changed inside one object."""
    before, after = _elements(type_path, old), _elements(type_path, new)
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        here = f"{path}.{name}"
        if was is not None and now is not None and was[0].name == now[0].name:
            yield from _changed(here, now[0], was[1], now[1])
            continue
        if was is not None and now is not None:  # a choice of another type
            yield _replace(here, now[0], now[1][0])
            continue
        if was is not None:
            yield from (
                _operation("delete", f"{here}[{i}]" if was[0].is_list else here)
                for i in reversed(range(len(was[1])))
            )
        if now is not None:
            for item in now[1]:
                yield _operation(
                    "add", path, value("name", "string", name), *_value("value", now[0], item)
                )


def _elements(type_path: str, content: Mapping[str, Any]) -> dict[str, tuple[Property, list[Item]]]:
    """The elements of an object by name, each as a list of items in the order that they have."""
    properties = definitions.load().properties(type_path)
    found: dict[str, tuple[Property, list[Item]]] = {}
    for key in content:
        p = properties.get(key.removeprefix("_"))
        if p is None or p.element.name in found:
            continue
        if p.is_list:
            values, beside = content.get(p.name) or [], content.get(f"_{p.name}") or []
            length = max(len(values), len(beside))
            padded = ([*v, *[None] * (length - len(v))] for v in (values, beside))
            items = [Item(*pair) for pair in zip(*padded, strict=True)]
        else:
            items = [Item(content.get(p.name), content.get(f"_{p.name}"))]
        found[p.element.name] = (p, items)
    return found


def _changed(
    path: str, p: Property, old: Sequence[Item], new: Sequence[Item]
) -> Iterator[Resource]:
    """What changed in an element that was there before; lists from their ends, so that the places
    that follow still hold."""
    if not p.is_list:
        yield from _item(path, p, old[0], new[0])
        return
    for start, end, first, last in reversed(_blocks(old, new)):
        both = min(end - start, last - first)
        for place in reversed(range(start + both, end)):
            yield _operation("delete", f"{path}[{place}]")
        for place in range(first + both, last):
            at = start + place - first
            yield _operation(
                "insert", path, value("index", "integer", at), *_value("value", p, new[place])
            )
        for n in reversed(range(both)):
            yield from _item(f"{path}[{start + n}]", p, old[start + n], new[first + n])


def _blocks(old: Sequence[Item], new: Sequence[Item]) -> list[tuple[int, int, int, int]]:
    """Where two lists differ: [start, end) of the old one has become [first, last) of the new."""
    was, now = [_spelled(i) for i in old], [_spelled(i) for i in new]
    shorter = min(len(was), len(now))
    head = next((i for i in range(shorter) if was[i] != now[i]), shorter)
    tail = next((i for i in range(shorter - head) if was[-1 - i] != now[-1 - i]), shorter - head)
    middle = was[head : len(was) - tail], now[head : len(now) - tail]
    if not any(middle):
        return []
    if max(map(len, middle)) > MOST_ALIGNED:
        return [(head, len(was) - tail, head, len(now) - tail)]
    matcher = SequenceMatcher(None, *middle, autojunk=False)
    return [
        (head + start, head + end, head + first, head + last)
        for tag, start, end, first, last in matcher.get_opcodes()
        if tag != "equal"
    ]


def _item(path: str, p: Property, old: Item, new: Item) -> Iterator[Resource]:
    if _spelled(old) == _spelled(new):
        return
    if not (isinstance(old.value, dict) and isinstance(new.value, dict)):
        yield _replace(path, p, new)
        return
    target = p.target_path
    if p.type_code == "Resource":
        if old.value.get("resourceType") != new.value.get("resourceType"):
            yield _replace(path, p, new)
            return
        target = new.value["resourceType"]
    yield from _object(path, target, _without(old.value, {"resourceType"}),
                       _without(new.value, {"resourceType"}))  # fmt: skip


def _replace(path: str, p: Property, item: Item) -> Resource:
    return _operation("replace", path, *_value("value", p, item))


def _operation(kind: str, path: str, *more: Resource) -> Resource:
    return parts("operation", [value("type", "code", kind), value("path", "string", path), *more])


def _value(name: str, p: Property, item: Item) -> Iterator[Resource]:
    """An element as a parameter: a datatype, a resource, or parts where Parameters has no type."""
    if p.type_code == "Resource":
        yield {"name": name, "resource": item.value}
        return
    if isinstance(item.value, dict) and p.type_code not in _carried():
        inner = [
            part
            for element, (found, items) in _elements(p.target_path, item.value).items()
            for one in items
            for part in _value(element, found, one)
        ]
        yield parts(name, inner)
        return
    type_code = p.type_code if p.type_code in _carried() else "string"
    key = f"value{type_code[:1].upper()}{type_code[1:]}"
    made: Resource = {"name": name}
    if item.value is not None:
        made[key] = item.value
    if item.beside is not None:
        made[f"_{key}"] = item.beside
    yield made


@cache
def _carried() -> frozenset[str]:
    """The datatypes that a parameter can have."""
    found = definitions.load().element_type("Parameters.parameter", "value")
    return frozenset(p.type_code for p in found)


def _spelled(item: Item) -> bytes:
    return json.dump_sorted([item.value, item.beside])
