"""What an element says once a differential has added to it.

https://hl7.org/fhir/R4/elementdefinition.html#interpretation
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from fhirserver.model.resource import Resource

_TEXTS: Final = frozenset({"definition", "comment", "requirements", "meaningWhenMissing"})
# Lists to which a differential adds, and what makes two of their items the same one.
_ADDED: Final[dict[str, Callable[[Any], Any]]] = {
    "alias": lambda alias: alias,
    "condition": lambda condition: condition,
    "constraint": lambda constraint: constraint.get("key"),
    "mapping": lambda mapping: (mapping.get("identity"), mapping.get("map")),
    "example": lambda example: example.get("label"),
    "extension": lambda extension: extension.get("url"),
}
_PLACE: Final = frozenset({"id", "path", "sliceName", "base"})
# One of each may be stated, whatever its type.
_SINGLE: Final = ("fixed", "pattern", "minValue", "maxValue", "defaultValue")


def merged(base: Resource, said: Resource, *, source: str | None = None) -> Resource:
    """The base with all that is said added; `source` is the definition that says it."""
    found = dict(base)
    for name, value in said.items():
        if name in _PLACE:
            continue
        if name in _ADDED:
            value = _united(found.get(name, ()), value, _ADDED[name])
        elif name == "binding":
            value = {**found.get(name, {}), **value}
        elif name in _TEXTS and str(value).startswith("..."):
            value = f"{found.get(name, '')}{str(value)[3:]}"
        for prefix in _SINGLE:
            if name.startswith(prefix):
                for other in [k for k in found if k.startswith(prefix)]:
                    del found[other]
        found[name] = value
    if source is not None and "constraint" in said:
        own = {c.get("key") for c in said["constraint"]}
        found["constraint"] = [
            {**c, "source": source} if c.get("key") in own and "source" not in c else c
            for c in found["constraint"]
        ]
    return found


def _united(old: Iterable[Any], new: Iterable[Any], identity: Callable[[Any], Any]) -> list[Any]:
    items = {identity(item): item for item in old}
    items.update((identity(item), item) for item in new)
    return list(items.values())


def with_base(element: Resource, path: str) -> Resource:
    """The element with the note of where it was first defined, and how often it may occur there."""
    if "base" in element:
        return element
    limits = {k: element[k] for k in ("min", "max") if k in element}
    return {**element, "base": {"path": path, **limits}}
