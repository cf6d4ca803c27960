"""What happens on a demo day: events, each a few resources that are written together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fhirserver.demo.fhir import Resource


class NotYet(Exception):
    """What an event waits for isn't there yet, such as the alert that somebody will answer."""


class House(Protocol):
    """The hospital's server, as a feed sees it."""

    def read(self, resource_type: str, resource_id: str) -> Resource | None:
        """The current version, if there is one."""
        ...

    def search(self, resource_type: str, **parameters: str) -> list[Resource]:
        """What is found, one page of it; `_` in a name stands for `-`, except the first."""
        ...

    def operate(self, path: str, body: Resource | None = None, **parameters: str) -> Resource:
        """The answer of an operation: a POST of the body, or a GET without one."""
        ...

    def write(self, *resources: Resource) -> None:
        """Put resources in place at once, for an operation that needs them."""
        ...

    def file(self, path: str, **parameters: str) -> bytes:
        """What an operation answers in another form than FHIR's."""
        ...


@dataclass(frozen=True, slots=True)
class Deed:
    """What an event comes to: a line for the person at the terminal, resources to put in place.

    A resource that was read carries its version, and is written only over that. `files` are for
    the folder of reports, by name.
    """

    line: str | None = None
    resources: Sequence[Resource] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


Act = Callable[[House], Deed]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a moment of the demo day; `key` is the same in every replay.

    One that `closes` is done even when a server was down meanwhile: the patient goes home. One that
    `waits` doesn't hold up the others until what it waits for has come.
    """

    at: datetime
    key: str
    act: Act
    closes: bool = False
    waits: bool = False


def told(at: datetime, key: str, line: str | None, resources: Sequence[Resource]) -> Event:
    """An event that needs to know nothing of the server."""
    return Event(at, key, lambda _: Deed(line, resources))
