"""What a scope says, in the words of scope_words.json, which a clinician can review.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote

_RESOURCES: Final = re.compile(r"(patient|user|system)/(\*|[A-Za-z]+)\.([a-z*]+)(?:\?(.+))?")
_V1: Final = {"read": "rs", "write": "cud", "*": "cruds"}
_CHANGING: Final = {"c": "add", "u": "change", "d": "delete"}
_READING: Final = {
    "rs": "Read",
    "r": "Read, but not search for,",
    "s": "Find",
}


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """A scope on resources, taken apart; `query` is what rows must match, as it was written."""

    context: str
    type: str
    rights: str
    query: str = ""

    def __str__(self) -> str:
        return f"{self.context}/{self.type}.{self.rights}" + (
            f"?{self.query}" if self.query else ""
        )

    @property
    def reading(self) -> str:
        """The rights that change nothing, of `rs`."""
        return "".join(r for r in "rs" if r in self.rights)

    @property
    def changing(self) -> str:
        """The rights that change something, of `cud`."""
        return "".join(r for r in "cud" if r in self.rights)


def resource_scope(scope: str) -> ResourceScope | None:
    """A scope on resources in either version's spelling; None when it is one of another kind.

    >>> resource_scope("patient/Observation.read").rights
    'rs'
    """
    match = _RESOURCES.fullmatch(scope)
    if match is None:
        return None
    return ResourceScope(match[1], match[2], _V1.get(match[3], match[3]), match[4] or "")


@cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("scope_words.json").read_text())
    return found


def narrower(scope: ResourceScope) -> tuple[tuple[ResourceScope, str], ...]:
    """The parts that a scope falls into, each with its words; none where it has no such parts.

    Those of Observation and Condition are by category, those of everything by type.
    """
    if scope.query:
        return ()
    if scope.type == "*":
        types = _words()["parts_of_everything"]
        parts = [ResourceScope(scope.context, t, scope.rights) for t in types]
        return tuple((part, noun(part)) for part in parts)
    return tuple(
        (
            ResourceScope(
                scope.context,
                scope.type,
                scope.rights,
                f"category={quote(c['system'], safe=':/')}|{c['code']}",
            ),
            c["words"],
        )
        for c in _words()["categories"].get(scope.type, ())
    )


def noun(scope: ResourceScope) -> str:
    """What a scope is about.

    >>> noun(ResourceScope("patient", "AllergyIntolerance", "rs"))
    'allergies and intolerances'
    """
    words = _words()
    if scope.type == "*":
        return str(words["everything"])
    kind = str(words["types"].get(scope.type) or f"records of the type {scope.type}")
    if not scope.query:
        return kind
    known = {
        f"{c['system']}|{c['code']}": c["words"] for c in words["categories"].get(scope.type, ())
    }
    pairs = parse_qsl(scope.query, keep_blank_values=True)
    if all(name == "category" and value in known for name, value in pairs):
        return " that are also ".join(known[value] for _, value in pairs)
    # Codes tell little, but leaving them out would say that it is about more, or less.
    return f"{kind}, only those with " + " and ".join(f"{n} {v}" for n, v in pairs)


def reading_words(scope: ResourceScope) -> str:
    """What its rights to read come to: `Read allergies and intolerances`."""
    return f"{_READING[scope.reading]} {noun(scope)}"


def changing_words(scope: ResourceScope) -> str:
    """What its rights to change come to: `Add and change appointments`."""
    *first, last = (_CHANGING[right] for right in scope.changing)
    verbs = f"{', '.join(first)} and {last}" if first else last
    return f"{verbs[0].upper()}{verbs[1:]} {noun(scope)}"
