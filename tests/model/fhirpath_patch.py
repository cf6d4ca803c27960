"""A plain FHIRPath Patch for tests: just the paths that `differences` writes.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

import copy
import re
from typing import Any

from fhirserver.model import definitions

Resource = dict[str, Any]


def apply(resource: Resource, operations: list[Resource]) -> Resource:
    made = copy.deepcopy(resource)
    for operation in operations:
        given = {p["name"]: p for p in operation["part"]}
        steps = [
            re.fullmatch(r"(\w+)(?:\[(\d+)\])?", s).groups()
            for s in given["path"]["valueString"].split(".")[1:]
        ]
        kind = given["type"]["valueCode"]
        if kind == "add":
            steps.append((given["name"]["valueString"], None))
        _carry_out(made, made["resourceType"], steps, kind, given)
    return made


def _carry_out(target: Resource, type_path: str, steps: list, kind: str, given: Resource) -> None:
    (name, index), *rest = steps
    candidates = [
        p for p in definitions.load().properties(type_path).values() if p.element.name == name
    ]
    there = [p for p in candidates if p.name in target or f"_{p.name}" in target]
    if rest:
        inner = target[there[0].name]
        inner = inner[int(index)] if index is not None else inner
        path = inner["resourceType"] if there[0].type_code == "Resource" else there[0].target_path
        _carry_out(inner, path, rest, kind, given)
        return
    items = _items(target, there[0]) if there else []
    if kind == "delete":
        items = items[: int(index)] + items[int(index) + 1 :] if index is not None else []
        _store(target, there[0], items)
        return
    p, item = _decoded(given["value"], candidates)
    if kind == "replace":
        for old in there:
            _store(target, old, [])
        items = (
            [*items[: int(index)], item, *items[int(index) + 1 :]] if index is not None else [item]
        )
    elif kind == "insert":
        at = given["index"]["valueInteger"]
        assert at <= len(items)
        items.insert(at, item)
    else:
        items.append(item)
    _store(target, p, items)


def _items(target: Resource, p) -> list:
    if not p.is_list:
        return [(target.get(p.name), target.get(f"_{p.name}"))]
    values, beside = target.get(p.name) or [], target.get(f"_{p.name}") or []
    length = max(len(values), len(beside))
    return list(
        zip(
            values + [None] * (length - len(values)),
            beside + [None] * (length - len(beside)),
            strict=False,
        )
    )


def _store(target: Resource, p, items: list) -> None:
    for number, key in enumerate((p.name, f"_{p.name}")):
        target.pop(key, None)
        values = [item[number] for item in items]
        if any(v is not None for v in values):
            target[key] = values if p.is_list else values[0]


def _decoded(part: Resource, candidates: list) -> tuple[Any, tuple[Any, Any]]:
    key = next((k.lstrip("_") for k in part if k.lstrip("_").startswith("value")), None)
    suffix = (key or "").removeprefix("value")
    p = next(
        (p for p in candidates if p.name.endswith(suffix) and p.element.is_choice), candidates[0]
    )
    if "resource" in part:
        return p, (part["resource"], None)
    if key is not None:
        return p, (part.get(key), part.get(f"_{key}"))
    made: Resource = {}
    for inner in part.get("part", ()):
        known = [
            q
            for q in definitions.load().properties(p.target_path).values()
            if q.element.name == inner["name"]
        ]
        q, item = _decoded(inner, known)
        _store(
            made, q, [*(_items(made, q) if q.name in made or f"_{q.name}" in made else []), item]
        )
    return p, (made, None)
