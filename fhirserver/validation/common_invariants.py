"""The few invariants that nearly every resource meets, or that are costly, without FHIRPath.

A test compares each with its expression.

https://hl7.org/fhir/R4/datatypes.html, https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.fhirpath import Env
from fhirserver.model import json

_ADDRESS: Final = re.compile(rb'"(#(?:[^"\\]|\\.)*)"')
_LINKED: Final = re.compile(r"""(?:href|src)\s*=\s*["'](#[^"']+)""")


def _ext_1(extension: Mapping[str, Any], env: Env) -> bool:
    """Must have either extensions or value[x], not both."""
    has_value = False
    for name in extension:
        if name[:5] == "value" or name[:6] == "_value":
            has_value = True
    return has_value != ("extension" in extension)


def _ref_1(reference: Mapping[str, Any], env: Env) -> bool:
    """A reference to a contained resource has one."""
    text = reference.get("reference")
    if text is None or not text.startswith("#"):
        return True
    root = env.root_resource
    # `#` alone is the container. https://hl7.org/fhir/R4/references.html#contained
    return text == "#" or (
        root is not None and any(r.get("id") == text[1:] for r in root.get("contained", ()))
    )


def _dom_3(resource: Mapping[str, Any], env: Env) -> bool:
    """Each contained resource is referred to from the resource, or refers to it."""
    contained = resource.get("contained", ())
    if not contained:
        return True
    return not unreferenced(resource)


def unreferenced(resource: Mapping[str, Any]) -> list[int]:
    """The places of the contained resources that dom-3 is broken by."""
    addresses = _local(resource)
    return [
        i
        for i, c in enumerate(resource.get("contained", ()))
        if f"#{c.get('id', '')}" not in addresses and "#" not in _local(c)
    ]


def _local(resource: Mapping[str, Any]) -> set[str]:
    """Every text inside that is an address within the resource, `#id`."""
    text = json.dump(resource)
    # A text begins behind the one quotation mark that isn't escaped. What the pattern can't tell
    # (narratives, escapes) is looked at value by value.
    if b"<div" not in text and b'\\"#' not in text:
        addresses = _ADDRESS.findall(text)
        if not any(b"\\" in a for a in addresses):
            return {a.decode() for a in addresses}
    return _walked(resource)


def _walked(resource: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting: list[Any] = [resource]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            if item.startswith("#"):
                found.add(item)
            elif item.startswith("<div"):
                found.update(_LINKED.findall(item))
        elif type(item) is dict:
            waiting += item.values()
        elif type(item) is list:
            waiting += item
    return found


def _dom_6(resource: Mapping[str, Any], env: Env) -> bool:
    """A resource should have a narrative."""
    text = resource.get("text")
    if type(text) is not dict:
        return text is not None
    return "div" in text or "_div" in text


def _qty_3(quantity: Mapping[str, Any], env: Env) -> bool:
    """A code for the unit needs its system."""
    return "code" not in quantity or "system" in quantity or "_system" in quantity


def _per_1(period: Mapping[str, Any], env: Env) -> bool:
    """A start before its end; the text decides where it is written alike."""
    start, end = period.get("start"), period.get("end")
    if start is None or end is None:
        return True
    if len(start) == len(end) and start[19:] == end[19:]:
        return bool(start <= end)
    return all(node[1] is not False for node in _in_order(period, env))


_in_order: Final = fhirpath.compile("start.lowBoundary() <= end.highBoundary()", "Period")

COMMON: Final[Mapping[str, Callable[[Any, Env], bool]]] = {
    "dom-3": _dom_3,
    "dom-6": _dom_6,
    "ext-1": _ext_1,
    "per-1": _per_1,
    "qty-3": _qty_3,
    "ref-1": _ref_1,
}
