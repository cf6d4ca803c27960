"""Carrying out changes that don't depend on each other, many at a time.

A group of changes is one database transaction, which costs a small part of one for each. A group
that fails is taken apart until only what can't be done is left. Everybody sees what they would see
if the changes were made one after the other: changes that could notice each other are never in
one group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from fhirserver.errors import FhirError
from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, Intent

GROUP: Final = 500

Then = Callable[[Sequence[int]], None]


def commit_each(
    ctx: Context, intents: Sequence[Intent], *, then: Then | None = None
) -> Iterator[tuple[int, Done | FhirError]]:
    """Carry out each intent that can be, in their order; the number of each and what became of it.

    `then` is told the numbers of a group in the database transaction that carries it out.
    """
    for start, end in _groups(intents):
        size = end - start
        while start < end:
            part = range(start, min(start + size, end))
            try:
                done = commit(
                    ctx,
                    [intents[n] for n in part],
                    then=None if then is None else _told(then, part),
                )
            except FhirError as error:
                if len(part) > 1:
                    size = max(1, len(part) // 4)
                    continue
                yield start, error
            else:
                yield from zip(part, done, strict=True)
                size *= 2
            start += len(part)


def _told(then: Then, part: Sequence[int]) -> Callable[[], None]:
    return lambda: then(part)


@dataclass(slots=True)
class _Group:
    """What a group of changes does, as far as another change could notice."""

    touched: set[tuple[str, str]] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    identifiers: set[tuple[str, str]] = field(default_factory=set)

    def takes(self, intent: Intent) -> bool:
        if intent.criteria is None:
            return intent.id is None or (intent.type, intent.id) not in self.touched
        value = _identifier(intent)
        return (
            value is not None
            and intent.type not in self.changed
            and (intent.type, value) not in self.identifiers
        )

    def add(self, intent: Intent) -> None:
        if intent.id is not None:
            self.touched.add((intent.type, intent.id))
        if intent.action != "create":
            self.changed.add(intent.type)
        values = [_identifier(intent), *_identifiers(intent)]
        self.identifiers.update((intent.type, v) for v in values if v is not None)


def _groups(intents: Sequence[Intent]) -> Iterator[tuple[int, int]]:
    """Where groups begin and end."""
    start, group = 0, _Group()
    for number, intent in enumerate(intents):
        if number > start and (number - start == GROUP or not group.takes(intent)):
            yield start, number
            start, group = number, _Group()
        group.add(intent)
    if intents:
        yield start, len(intents)


def _identifier(intent: Intent) -> str | None:
    """The identifier's value that a conditional create looks for, if it looks for nothing else."""
    if not intent.criteria:
        return None
    pairs = parse_qsl(intent.criteria, keep_blank_values=True)
    if intent.action == "create" and len(pairs) == 1 and pairs[0][0] == "identifier":
        value = pairs[0][1]
        if "," not in value and "\\" not in value:
            return value.rpartition("|")[2].lower()
    return None


def _identifiers(intent: Intent) -> list[str | None]:
    found = (intent.resource or {}).get("identifier", ())
    return [
        i["value"].lower()
        for i in (found if isinstance(found, list) else [found])
        if isinstance(i, dict) and isinstance(i.get("value"), str)
    ]
