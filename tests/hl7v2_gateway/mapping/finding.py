"""The values at a path of a resource in the making, however many there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hl7v2_gateway.mapping.drafts import Draft, Drafts


def values(draft: Draft, path: str) -> list[str]:
    """All values at a path as the tables write it: `participant[1].actor(Location.identifier)`."""
    return [_text(v) for v in _at(draft, draft.resource, _steps(path)) if not isinstance(v, dict)]


def within(name: str, made: Any, path: str) -> list[str]:
    """All values at a path in what a data type map made, as a resource where it makes one."""
    if not isinstance(made, dict | list):
        return [_text(made)]
    drafts = Drafts()
    draft = drafts.new(name.partition("[")[2].rstrip("]").partition("-")[0])
    for one in made if isinstance(made, list) else [made]:
        if not isinstance(one, dict):
            return [_text(v) for v in made]
        drafts.fill(draft, one)
    return values(draft, path)


def _steps(path: str) -> list[str]:
    path = re.sub(r"\[\w*\]", "", path).replace("$this", "").replace("$value", "")
    path = re.sub(r"\([A-Z]\w*\.?", ".", path).replace(")", "")
    return [s for s in path.split(".") if s]


def _at(draft: Draft | None, value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _at(draft, one, steps)
        return
    if isinstance(value, dict) and draft is not None and "reference" in value:
        target = next((d for r, d in draft.links if r is value), None)
        if target is not None:
            draft, value = target, target.resource
    if not steps:
        yield value
        return
    if not isinstance(value, dict):
        return
    head, rest = steps[0], steps[1:]
    if head.startswith(("@", "+extension")):
        for extension in value.get("extension", ()):
            yield from _at(draft, extension, rest)
        return
    if draft is not None and value is draft.resource:
        # Rows of a place speak of all its levels, those of a role of whose role it is.
        for around in ("partOf", "location", "practitioner"):
            if around in value and head != around:
                yield from _at(draft, value[around], steps)
    for key, inner in value.items():
        plain = key.lstrip("_~").lower()
        wanted = head.lower()
        if plain == wanted or (
            plain.startswith(wanted) and key[len(head) : len(head) + 1].isupper()
        ):
            yield from _at(draft, inner, rest)


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
