"""Messages of different lanes become resources in one database transaction.

The dearest of a message is what the database is asked for it, and many messages ask hardly more
together than one does. Nothing else changes: each goes on record by itself, and those that can't go
together (two that change one resource, one that fails) are done one after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver import queues
from fhirserver.engine import Engine
from fhirserver.errors import KeyUnavailable, Unavailable
from fhirserver.garbage import looked_through
from fhirserver.interactions.messages import FhirRequest, Hand
from fhirserver.messages import Done, Message, Messages
from fhirserver.model.resource import Resource
from fhirserver.queues import Item
from hl7v2_gateway.acknowledging import ACCEPTED
from hl7v2_gateway.operating.conversions import Made, NotConverted
from hl7v2_gateway.operating.converting import Converter, Ended, answer_of, principal_of
from hl7v2_gateway.partners import Sender

log = logging.getLogger(__name__)

MOST_BYTES: Final = 200_000
"""A message that is larger has a transaction of its own: it takes its time."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message that is to be written, and its place in the queue."""

    item: Item
    request: FhirRequest
    done: Done


class Together:
    """What the worker does with messages that stand first in their lanes."""

    def __init__(self, engine: Engine, messages: Messages, converter: Converter) -> None:
        self._engine = engine
        self._messages = messages
        self._converter = converter

    def __call__(self, items: Sequence[Item]) -> set[int]:
        """Do what can be done at once; the items that are done and off the queue."""
        done = self._done(items)
        looked_through()
        return done

    def _done(self, items: Sequence[Item]) -> set[int]:
        alone = [i for i in items if i.content["of"] == 1]
        if len(alone) < 2:
            return set()
        try:
            found = self._messages.find_all([i.content["message"] for i in alone])
            senders: dict[str, Sender] = {}
            group: list[_Ready] = []
            for item in alone:
                message = found.get(item.content["message"])
                if (
                    message is not None
                    and (ready := self._ready(item, message, senders)) is not None
                ):
                    group.append(ready)
        except Exception as error:  # noqa: BLE001 - each is told by itself what is wrong with it
            log.warning("hl7v2_not_together", extra={"error": type(error).__name__})
            return set()
        return {i.id for part in _agreeing(group) for i in self._written(part)}

    def _ready(self, item: Item, message: Message, senders: dict[str, Sender]) -> _Ready | None:
        """None for a message that has to go by itself."""
        if message.head.state != "waiting" or message.head.size > MOST_BYTES:
            return None
        try:
            parsed, sender = self._converter.read(message, senders)
            made = self._converter.converted(parsed, sender, message.head.id)
        except NotConverted:
            return None
        if made.converted.merges or made.converted.moves or made.snapshots:
            return None
        done = Done(message.head.id, made.report, answer_of(parsed, ACCEPTED))
        return _Ready(item, _request(sender, made), done)

    def _written(self, group: Sequence[_Ready]) -> list[Item]:
        """Those that are done: all, or else of each half those that are."""
        if len(group) < 2:
            return []
        try:
            self._write(group)
        except (Unavailable, KeyUnavailable):
            return []
        except Exception as error:
            what = {"count": len(group), "error": type(error).__name__}
            log.info("hl7v2_not_together", extra=what, exc_info=True)
            half = len(group) // 2
            return [*self._written(group[:half]), *self._written(group[half:])]
        return [ready.item for ready in group]

    def _write(self, group: Sequence[_Ready]) -> None:
        """Write what was made, and that it is, in one transaction. Raises Ended."""

        def also() -> None:
            if self._messages.end_all([r.done for r in group]) != len(group):
                raise Ended
            ids = [r.item.id for r in group]
            if queues.finish(self._messages.database, group[0].item.lease, ids) != len(ids):
                raise Ended

        self._engine.handle_together([r.request for r in group], also)


def _agreeing(group: Sequence[_Ready]) -> list[list[_Ready]]:
    """Parts of which none says different things of one resource: those can't go together.

    A laboratory and the admission desk often write of a patient at the same time.
    """
    parts: list[tuple[dict[str, Resource], list[_Ready]]] = []
    for ready in group:
        said = _said(ready.request)
        for known, members in parts:
            if all(known.get(url, resource) == resource for url, resource in said.items()):
                known |= said
                members.append(ready)
                break
        else:
            parts.append((said, [ready]))
    return [members for _, members in parts]


def _said(request: FhirRequest) -> dict[str, Resource]:
    """What a transaction says of what it means by which address, but what it only mentions."""
    mentions = request.hand.mentions if request.hand is not None else frozenset()
    return {
        entry["request"]["url"]: entry.get("resource", {})
        for entry in request.resource["entry"]
        if entry["request"]["method"] != "POST" and entry["fullUrl"] not in mentions
    }


def _request(sender: Sender, made: Made) -> FhirRequest:
    return FhirRequest(
        "bundle",
        principal_of(sender),
        body=made.converted.bundle,
        prefer_return="minimal",
        hand=Hand(made.combine, mentions=made.mentions),
    )
