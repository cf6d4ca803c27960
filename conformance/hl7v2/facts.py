"""What a Bundle says, as facts that two converters can agree on.

Engines choose their own ids, systems for local authorities, extensions and numbers of resources.
What must agree is what the message said: numbers, names, dates with their precision, codes with
published systems, values, units, statuses, and what refers to what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

Fact = tuple[str, str, str]

_LEFT_OUT: Final = frozenset(
    {"Provenance", "MessageHeader", "Bundle", "Linkage", "Basic", "OperationOutcome", "Task"}
)
_PUBLISHED: Final = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid",
    "http://www.nlm.nih.gov",
    "http://unitsofmeasure.org",
)
_DATE: Final = re.compile(r"\d{4}(-\d\d){0,2}(T.*)?")


def facts(bundle: dict[str, Any]) -> set[Fact]:
    """The facts of all resources: (type, path, value)."""
    types: dict[str, str] = {}
    resources = [e["resource"] for e in bundle.get("entry", ()) if "resource" in e]
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource", {})
        kind = resource.get("resourceType", "")
        types[f"{kind}/{resource.get('id')}"] = kind
        if "fullUrl" in entry:
            types[entry["fullUrl"]] = kind
    found: set[Fact] = set()
    for resource in resources:
        kind = resource["resourceType"]
        if kind not in _LEFT_OUT:
            found.update((kind, path, value) for path, value in _walk(resource, "", types))
    return found


def _walk(value: Any, path: str, types: dict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, path, types)
    elif isinstance(value, dict):
        if "reference" in value:
            target = types.get(value["reference"]) or value["reference"].partition("/")[0]
            if target and not target.startswith("urn:") and target not in _LEFT_OUT:
                yield f"{path}->", target
            return
        for key, inner in value.items():
            if key in ("extension", "id", "meta", "text", "resourceType", "modifierExtension"):
                if key == "text" and isinstance(inner, str):
                    yield f"{path}.text".lstrip("."), plain(inner)
                continue
            if key.startswith("_") or key in ("display", "assigner", "description"):
                continue
            if key == "system":
                if isinstance(inner, str) and inner.startswith(_PUBLISHED) and value.get("code"):
                    yield f"{path}.system".lstrip("."), f"{inner}|{value['code']}"
                elif path.endswith("telecom"):
                    yield f"{path}.system", str(inner)
                continue
            yield from _walk(inner, f"{path}.{key}".lstrip("."), types)
    elif value is not None:
        yield path, plain(value)


def plain(value: Any) -> str:
    """A value in one spelling: times in UTC, numbers without trailing zeros, text in one case."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)).normalize(), "f")
    text = str(value).strip()
    if _DATE.fullmatch(text) and "T" in text:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        return moment.astimezone(UTC).isoformat() if moment.tzinfo else text
    return " ".join(text.casefold().split())
