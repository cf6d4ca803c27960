"""All events of the shifts, in order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from fhirserver.demo.day import scenes
from fhirserver.demo.day.event import Event
from fhirserver.demo.day.shifts import Shift, between
from fhirserver.demo.day.story import LONGEST
from fhirserver.registry import discover

Place = tuple[datetime, str]


def place(event: Event) -> Place:
    """Where an event is in the order."""
    return event.at, event.key


@lru_cache(maxsize=16)
def of_shift(seed: int, shift: Shift) -> tuple[Event, ...]:
    """What begins in a shift, some of which goes on for days."""
    found = [event for make in scenes.scenes.values() for event in make(seed, shift)]
    return tuple(sorted(found, key=place))


def events(seed: int, since: int, after: Place, until: datetime) -> Iterator[Event]:
    """The events after a place until a moment, of shifts from number `since` on, in order."""
    first = max(after[0] - LONGEST, Shift(since).start)
    found = [
        event
        for shift in between(first, until)
        for event in of_shift(seed, shift)
        if after < place(event) and event.at <= until
    ]
    yield from sorted(found, key=place)


def event(seed: int, key: str) -> Event | None:
    """The event with a key."""
    number = int(key.partition("/")[0])
    return next((e for e in of_shift(seed, Shift(number)) if e.key == key), None)


discover(scenes)
