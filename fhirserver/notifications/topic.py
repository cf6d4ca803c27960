"""Topics: what can be subscribed to, and when it happens. R5's SubscriptionTopic, as a Basic of R4.

https://hl7.org/fhir/R5/subscriptiontopic.html
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/components.html#subscription-topics-in-fhir-r4
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from fhirserver import content
from fhirserver.model import json
from fhirserver.model.resource import Resource

_PREFIX: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic."
_INTERACTIONS: Final = {"C": "create", "U": "update", "P": "update", "D": "delete"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """When something happens: a change of a type, and searches that hold before and after it.

    `previous` and `current` are the text of a search, None where anything will do. What doesn't
    exist before or after counts as the two `passes_` say; `needs_both` of the searches, or one.
    """

    type: str
    interactions: frozenset[str]
    previous: str | None = None
    current: str | None = None
    passes_when_created: bool = True
    passes_when_deleted: bool = False
    needs_both: bool = True

    def is_by(self, method: str) -> bool:
        """Whether a change by this method (of the change log) may be one."""
        return _INTERACTIONS.get(method) in self.interactions

    def fires(self, before: bool | None, after: bool | None) -> bool:
        """Whether it does, when the searches find the resource so; None where there is none.

        >>> Trigger("Encounter", frozenset(), "status:not=finished", "status=finished").fires(
        ...     None, True)
        True
        """
        held = []
        if self.previous is not None:
            held.append(self.passes_when_created if before is None else before)
        if self.current is not None:
            held.append(self.passes_when_deleted if after is None else after)
        return (all(held) if self.needs_both else any(held)) if held else True


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: what it is about, and by which parameters of which types one can filter."""

    url: str
    title: str
    description: str
    triggers: tuple[Trigger, ...]
    filters: Mapping[str, frozenset[str]]

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(t.type for t in self.triggers))


@cache
def topics() -> Mapping[str, Topic]:
    """The topics that there are, by their addresses."""
    files = sorted(content.folder("profiles").joinpath("topics").glob("*.json"))
    found = [topic_of(json.parse_object(f.read_bytes())) for f in files]
    return {topic.url: topic for topic in found}


def topic_of(basic: Resource) -> Topic:
    """A topic from the Basic that it is written as."""
    of = _Extensions(basic.get("extension", ()), _PREFIX)
    filters: dict[str, set[str]] = {}
    for each in of.all("canFilterBy"):
        filters.setdefault(_type(each.one("resource")), set()).add(each.one("filterParameter"))
    return Topic(
        of.one("url"),
        of.one("title"),
        of.one("description"),
        tuple(_trigger(each) for each in of.all("resourceTrigger")),
        {k: frozenset(v) for k, v in filters.items()},
    )


def _trigger(of: _Extensions) -> Trigger:
    query = next(of.all("queryCriteria"), _Extensions((), ""))
    return Trigger(
        _type(of.one("resource")),
        frozenset(of.values("supportedInteraction")),
        query.one("previous"),
        query.one("current"),
        query.one("resultForCreate") != "test-fails",
        query.one("resultForDelete") == "test-passes",
        query.one("requireBoth") is not False,
    )


def _type(uri: str) -> str:
    return uri.rpartition("/")[2]


class _Extensions:
    """Extensions by their names: those of the topic below a prefix, those inside without."""

    def __init__(self, extensions: Any, prefix: str) -> None:
        self._extensions = extensions
        self._prefix = prefix

    def values(self, name: str) -> Iterator[Any]:
        for each in self._extensions:
            if each["url"] == self._prefix + name:
                yield next((v for k, v in each.items() if k.startswith("value")), None)

    def one(self, name: str) -> Any:
        return next(self.values(name), None)

    def all(self, name: str) -> Iterator[_Extensions]:
        for each in self._extensions:
            if each["url"] == self._prefix + name:
                yield _Extensions(each.get("extension", ()), "")
