"""From the change log to the queue: an item for each receiver that may have to be told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhirserver.reactions import Change, Connection, New
from fhirserver.sent_messages import TOPIC
from hl7v2_gateway.outbound import events
from hl7v2_gateway.partners import Receiver
from hl7v2_gateway.sending.directory import Directory


def chosen(
    directory: Directory,
) -> Callable[[Connection, Sequence[Change]], list[tuple[str, New]]]:
    """What makes the items of changes, in their order: a lane for each receiver.

    Whether there is an event in a change is looked at later, with the receiver's rights.
    """
    told = events.types()

    def choose(connection: Connection, changes: Sequence[Change]) -> list[tuple[str, New]]:
        del connection
        if any(change.type == "Endpoint" for change in changes):
            directory.forget()
        wanted = [change for change in changes if change.type in told]
        if not wanted:
            return []
        receivers = directory.receivers()
        return [
            (TOPIC, New(receiver.id, _content(change)))
            for change in wanted
            for receiver in receivers
            if _may_want(receiver, change.type)
        ]

    return choose


def _may_want(receiver: Receiver, resource_type: str) -> bool:
    return any(receiver.wants(event) for event in events.events_of(resource_type))


def _content(change: Change) -> dict[str, object]:
    return {"type": change.type, "key": change.key, "version": change.version}
