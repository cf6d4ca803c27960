"""The change log, step by step, and what a caller may hear of it. It blocks: threads call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import Invalid
from fhirserver.model import json
from fhirserver.storage import epoch, pushed
from fhirserver.storage.change_feed import Change, Place, beyond, here

AT_ONCE: Final = 500
_METHOD: Final = {"C": "create", "U": "update", "P": "patch", "D": "delete"}


@dataclass(frozen=True, slots=True)
class Told:
    """A change as it is told: `text` is the event, the same for everybody who hears of it."""

    change: Change
    owner: int | None
    text: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What came in one step: `id` stands for the place behind it."""

    told: Sequence[Told]
    place: Place
    id: str
    epoch: int
    has_more: bool = False


class Source:
    """The change log of a server."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._database = engine.context.store.database

    def step(self, place: Place | None) -> Step:
        """What comes next after a place; without one, where to begin."""
        number = epoch.current(self._database)
        if place is None:
            place = here(self._database)
            return Step((), place, self._sealed(place), number)
        found, now = beyond(self._database, place, AT_ONCE)
        about = pushed.about(self._database, [change for _, change in found])
        told = [
            Told(c, about[c.key].owner, _event(self._sealed(p), c, about[c.key].id))
            for p, c in found
            if c.key in about
        ]
        return Step(told, now, self._sealed(now), number, has_more=len(found) == AT_ONCE)

    def shown(self, principal: Principal, told: Sequence[Told]) -> set[int]:
        """The keys of what the caller may hear of, as their rights and the resources are now."""
        store = replace(self._engine.context.store, guard=principal.access)
        return pushed.shown(store, [t.change for t in told])

    def place(self, id_: str) -> Place | None:
        """The place that an event's id stands for; None when it isn't ours, or is too old.

        One that lies ahead was of a database that has been restored since.
        """
        try:
            place = msgspec.msgpack.decode(self._engine.context.unseal(id_), type=Place)
        except (Invalid, msgspec.DecodeError):
            return None
        return place if int(place.high) <= int(here(self._database).low) else None

    def _sealed(self, place: Place) -> str:
        # The numbers in it would tell how much others write.
        return self._engine.context.seal(msgspec.msgpack.encode(place))


def event(name: str, id_: str, data: object) -> bytes:
    """An event as it is sent.

    >>> event("ready", "x", {})
    b'event: ready\\nid: x\\ndata: {}\\n\\n'
    """
    return b"event: %b\nid: %b\ndata: %b\n\n" % (name.encode(), id_.encode(), json.dump(data))


def _event(place: str, change: Change, id_: str) -> bytes:
    data = {
        "type": change.type,
        "id": id_,
        "version": str(change.version),
        "method": _METHOD[change.method],
    }
    return event("change", place, data)
