"""Which must-support elements, slices and extensions of a profile some resources have.

The test kit's metadata names them; a slice is told by its discriminator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from conformance.us_core_searches.metadata import FOLDER

Found = Mapping[str, Any]


@cache
def profiles() -> list[Found]:
    """The groups of the metadata, as they are."""
    text = (FOLDER / "us-core-v6.1.0-metadata.yml").read_text()
    loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    groups: list[Found] = loaded[":groups"]
    return groups


def missing(group: Found, resources: Iterable[Found]) -> list[str]:
    """What none of the resources has; of a choice one is enough."""
    given = list(resources)
    supports = group[":must_supports"]
    slices = {_slice_path(s): s for s in supports[":slices"]}

    def has(path: str) -> bool:
        return any(True for r in given for _ in at(r, path, slices))

    found = [e[":path"] for e in supports[":elements"] if not has(e[":path"])]
    found += [name for name in slices if not has(name)]
    found += [
        e[":id"] for e in supports[":extensions"]
        if not any(x["url"] == e[":url"] for r in given for x in at(r, e[":path"], slices))
    ]  # fmt: skip
    for choice in supports.get(":choices") or ():
        names = {*choice.get(":paths", ()), *choice.get(":extension_ids", ())}
        if names - set(found):
            found = [f for f in found if f not in names]
    return found


def _slice_path(found: Found) -> str:
    return f"{found[':path']}:{found[':slice_name']}"


def at(item: Any, path: str, slices: Mapping[str, Found]) -> Iterator[Any]:
    """The elements at a path such as `component:systolic.value[x]`."""
    places = [item]
    walked = ""
    for step in path.split("."):
        walked = f"{walked}.{step}" if walked else step
        places = [below for place in places for below in _below(place, step.partition(":")[0])]
        if ":" in step and walked in slices:
            places = [p for p in places if is_in_slice(p, slices[walked][":discriminator"])]
    yield from places


def _below(item: Any, name: str) -> Iterator[Any]:
    if not isinstance(item, dict):
        return
    base = name.removesuffix("[x]")
    keys = [k for k in (base, f"_{base}") if k in item]
    keys = keys or [k for k in item if re.fullmatch(f"{re.escape(base)}[A-Z]\\w*", k)]
    for key in keys:
        value = item[key]
        yield from value if isinstance(value, list) else [value]


def is_in_slice(item: Any, told_by: Found) -> bool:
    """Whether an element belongs to a slice."""
    kind, path = told_by[":type"], told_by.get(":path", "")
    if kind == "type":
        return True  # The slice is of a choice, whose name says the type.
    if kind == "value":
        return all(v[":value"] in list(at(item, v[":path"], {})) for v in told_by[":values"])
    values = list(at(item, path, {})) if path else [item]
    if kind == "patternIdentifier":
        return any(v.get("system") == told_by[":system"] for v in values)
    wanted = told_by[":values"] if kind == "requiredBinding" else [told_by]
    codings = [c for v in values for c in v.get("coding", [v])]
    return any(
        c.get("code") == w.get(":code") and w.get(":system") in {None, c.get("system")}
        for c in codings
        for w in (w if isinstance(w, dict) else {":code": w} for w in wanted)
    )
