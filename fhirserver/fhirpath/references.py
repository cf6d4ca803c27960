"""What a reference points at: its type from its text, the resource from where it can be.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from fhirserver.fhirpath import schema
from fhirserver.fhirpath.env import QUESTION, Scope
from fhirserver.fhirpath.nodes import Nodes, Typed, single

_LITERAL: Final = re.compile(
    r"(?:https?://.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?"
)


def are(items: Nodes, wanted: str, scope: Scope) -> bool | None:
    """Whether the one reference points at a type; None if there is none or nobody can tell."""
    item = single(items)
    if item is None:
        return None
    found = type_of(item, scope)
    return None if found is None else schema.is_a(found, wanted)


def type_of(item: Typed, scope: Scope) -> str | None:
    """The resource type that a reference points at, without fetching if it can be helped."""
    text = text_of(item)
    match = _LITERAL.fullmatch(text) if text else None
    if match is not None and schema.is_type(match[1]):
        return match[1]
    if isinstance(item[1], dict) and schema.is_type(item[1].get("type", "")):
        return str(item[1]["type"])
    target = resolve(item, scope)
    return None if target is None else str(target["resourceType"])


def text_of(item: Typed) -> str | None:
    """The address in a Reference, canonical or uri."""
    value = item[1].get("reference") if isinstance(item[1], dict) else item[1]
    return value if isinstance(value, str) else None


def resolve(item: Typed, scope: Scope) -> Mapping[str, Any] | None:
    """The resource that a reference points at: contained, in the same Bundle, or the resolver's."""
    text = text_of(item)
    if text is None:
        return None
    root = scope.root_resource
    if root is not None:
        if text.startswith("#"):
            return _contained(root, text[1:])
        if root["resourceType"] == "Bundle" and (found := _entry(root, text)) is not None:
            return found
    if scope.env.resolve is None:
        return None
    scope.spend(QUESTION)
    return scope.env.resolve(text)


def _contained(root: Mapping[str, Any], id_: str) -> Mapping[str, Any] | None:
    if not id_:
        return root
    return next((r for r in root.get("contained", ()) if r.get("id") == id_), None)


def _entry(bundle: Mapping[str, Any], text: str) -> Mapping[str, Any] | None:
    entries = (e for e in bundle.get("entry", ()) if e.get("fullUrl") == text)
    return next((e["resource"] for e in entries if "resource" in e), None)
