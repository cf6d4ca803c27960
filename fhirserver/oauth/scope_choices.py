"""What the consent page offers for the scopes that an app asks for, and what comes of the answers.

Each right can be refused, reading apart from changing, and what falls into parts can be narrowed to
some of them. Answers only ever take away: each is looked up among what was asked for.
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fhirserver.access.scopes import IDENTITY, LASTING, LAUNCH
from fhirserver.oauth.scope_words import (
    ResourceScope,
    changing_words,
    narrower,
    reading_words,
    resource_scope,
)

Kind = Literal["reading", "changing"]
Answers = Callable[[str], Sequence[str]]
"""The values that a form has for a field."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a choice; `value` names it in the form."""

    value: str
    scope: ResourceScope
    words: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the page, about one scope: its field in the form, and what it grants."""

    field: str
    kind: Kind
    words: str
    whole: ResourceScope
    asked: str
    parts: tuple[Part, ...] = ()


def choices(scopes: Sequence[str], context: str) -> tuple[Choice, ...]:
    """The lines for the scopes on resources of one context, `patient` or `user`."""
    found = []
    for number, text in enumerate(scopes):
        scope = resource_scope(text)
        if scope is None or scope.context != context:
            continue
        if scope.reading:
            whole = ResourceScope(scope.context, scope.type, scope.reading, scope.query)
            parts = tuple(Part(str(n), p, w) for n, (p, w) in enumerate(narrower(whole)))
            words = reading_words(scope)
            found.append(Choice(f"read-{number}", "reading", words, whole, text, parts))
        if scope.changing:
            whole = ResourceScope(scope.context, scope.type, scope.changing, scope.query)
            words = changing_words(scope)
            found.append(Choice(f"change-{number}", "changing", words, whole, text))
    return tuple(found)


def granted(scopes: Sequence[str], answers: Answers) -> tuple[str, ...]:
    """The scopes that remain of those that were asked for; none when only a context would.

    A scope that is allowed whole is given back as it was written.
    """
    lines = [*choices(scopes, "patient"), *choices(scopes, "user")]
    found: list[str] = []
    for text in scopes:
        if text in LAUNCH:
            found.append(text)
        elif text in IDENTITY:
            found += [text] if answers("identity") else []
        elif text in LASTING:
            found += [text] if answers("offline") else []
        else:
            found += _remaining(text, [line for line in lines if line.asked == text], answers)
    unique = tuple(dict.fromkeys(found))
    return unique if set(unique) - LAUNCH - LASTING else ()


def _remaining(text: str, lines: Sequence[Choice], answers: Answers) -> list[str]:
    """What remains of one scope."""
    whole = [line.whole for line in lines if "all" in answers(line.field)]
    if lines and len(whole) == len(lines):
        return [text]
    parts = [
        part.scope
        for line in lines
        if "some" in answers(line.field)
        for part in line.parts
        if part.value in answers(f"{line.field}-part")
    ]
    return [str(scope) for scope in (*whole, *parts)]
