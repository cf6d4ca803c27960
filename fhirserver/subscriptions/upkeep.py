"""What is due without a change: heartbeats, ends, and old events that nobody asks for any more."""

from __future__ import annotations

from fhirserver import queues
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.queues import Database, New
from fhirserver.settings import Settings
from fhirserver.storage.subscriptions import forget_events, over, quiet


def look_after(database: Database) -> None:
    """Put heartbeats and ends that are due into the lanes; two that do it at once do no harm."""
    with database.transaction() as connection:
        found = quiet(connection, QUEUE)
        queues.add(
            connection, QUEUE, [New(id_, {"kind": "heartbeat", "key": k}) for k, id_ in found]
        )
    # Whoever does the item sees that it is over.
    ended = [New(id_, {"kind": "begin", "key": k}) for k, id_ in over(database, QUEUE)]
    queues.add(database, QUEUE, ended)


def forget(database: Database, settings: Settings) -> int:
    """Remove events of long ago; how many there were."""
    return forget_events(database, settings.subscription_event_days)
