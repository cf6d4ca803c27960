"""The relay: changes become items of the queue, exactly once, however many relays there are."""

from __future__ import annotations

from itertools import groupby

from fhirserver import queues
from fhirserver.queues import Database
from fhirserver.reactions import Reader


def relay(database: Database, reader: Reader) -> int:
    """Bring a reader on by one step; how many changes it has read.

    The items and the reader's place are committed together: a relay that dies has done nothing.
    While another one has the reader, there is nothing to do here.
    """
    with database.transaction() as connection:
        changes = queues.following(connection, reader.name, reader.at_once)
        if not changes:
            return 0
        items = reader.chosen(connection, changes)
        for topic, of_topic in groupby(sorted(items, key=_topic), key=_topic):
            queues.add(connection, topic, [item for _, item in of_topic])
        return len(changes)


def _topic(item: tuple[str, queues.New]) -> str:
    return item[0]
