"""Subscriptions beside their resources: what they ask for, whose rights they have, how they stand.

The events of each are numbered without gaps, in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fhirserver.model import json
from fhirserver.storage.database import Connection, Database, Stale, execute
from fhirserver.storage.schema import table
from fhirserver.storage.versions import array


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose rights a subscription has: who wrote it, by which app, within which scopes.

    `family` is what a user had granted the app, or whoever they gave a token.
    """

    subject: str
    scope: str
    user: str | None = None
    client: str | None = None
    patient: str | None = None
    encounter: str | None = None
    family: str | None = None

    def is_same(self, other: Holder) -> bool:
        """Whether it is the same person, or else the same system."""
        if self.user or other.user:
            return self.user == other.user
        return (self.client, self.subject) == (other.client, other.subject)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription that is there. `content` is the resource; `written` the client's version."""

    key: int
    id: str
    written: int
    status: str
    content: dict[str, Any]
    holder: Holder
    ends: datetime | None
    last_event: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """A change that a subscription is told of; `method` is C, U, P or D as in the change log."""

    number: int
    type: str
    id: str
    key: int
    version: int
    method: str
    made: datetime
    sent: datetime | None = None


_COLUMNS: Final = "key, id, written, status, content::text, holder::text, ends, last_event, error"
_EVENT: Final = "number, type, id, e.key, version, method::text, made, sent"


def _subscriber(row: Sequence[Any]) -> Subscriber:
    key, id_, written, status, content, holder, *rest = row
    return Subscriber(
        key, id_, written, status, json.parse_object(content.encode()),
        Holder(**json.parse_object(holder.encode())), *rest,
    )  # fmt: skip


def subscriber(target: Connection | Database, key: int) -> Subscriber | None:
    """The subscription with that resource key."""
    sql = f"SELECT {_COLUMNS} FROM subscription.subscription WHERE key = %s"
    rows = target.read(sql, (key,)) if isinstance(target, Database) else execute(
        target, sql, (key,)
    )  # fmt: skip
    return _subscriber(rows[0]) if rows else None


def subscriber_named(database: Database, id: str) -> Subscriber | None:  # noqa: A002
    """The subscription with that id."""
    rows = database.read(f"SELECT {_COLUMNS} FROM subscription.subscription WHERE id = %s", (id,))
    return _subscriber(rows[0]) if rows else None


def listed(
    database: Database, topic: str, *, limit: int, after: int = 0, status: str | None = None
) -> list[tuple[Subscriber, int]]:
    """Subscriptions by key, each with how many items wait in its lane of the queue."""
    rows = database.read(
        f"SELECT {_COLUMNS}, (SELECT count(*) FROM queue.item i WHERE i.topic = %s "
        "AND i.lane = s.id AND i.dead IS NULL) FROM subscription.subscription s "
        "WHERE key > %s AND (%s::text IS NULL OR status = %s) ORDER BY key LIMIT %s",
        (topic, after, status, status, limit),
    )
    return [(_subscriber(row[:-1]), int(row[-1])) for row in rows]


def subscribers(database: Database, types: Sequence[str]) -> list[Subscriber]:
    """Those that want to hear of changes to any of these types."""
    rows = database.read(
        f"SELECT {_COLUMNS} FROM subscription.subscription "
        "WHERE status <> 'off' AND types && %s::text[] ORDER BY key",
        (list(types),),
    )
    return [_subscriber(row) for row in rows]


def put(
    connection: Connection,
    *,
    key: int,
    id: str,  # noqa: A002 - FHIR's word
    version: int,
    content: dict[str, Any],
    holder: Holder,
    topic: str | None,
    types: Sequence[str],
    ends: datetime | None,
    heartbeat: int | None,
) -> None:
    """A client has written it."""
    execute(
        connection,
        "INSERT INTO subscription.subscription AS s "
        "(key, id, written, status, content, holder, topic, types, ends, heartbeat) "
        "VALUES (%s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s::text[], %s, %s) "
        "ON CONFLICT (key) DO UPDATE SET written = excluded.written, status = excluded.status, "
        "content = excluded.content, holder = excluded.holder, topic = excluded.topic, "
        "types = excluded.types, ends = excluded.ends, heartbeat = excluded.heartbeat, "
        "spoken = NULL, error = NULL, began = CASE WHEN s.status = 'off' "
        "THEN pg_current_snapshot() ELSE s.began END",
        (
            key,
            id,
            version,
            content["status"],
            json.dump(content).decode(),
            json.dump(_plain(holder)).decode(),
            topic,
            list(types),
            ends,
            heartbeat,
        ),
    )


def before(database: Database, changes: Sequence[tuple[datetime, int]]) -> set[tuple[int, int]]:
    """Subscriptions (keys) and changes (numbers) that had been committed before they began.

    Changes are given as when they were made and their numbers. Of subscriptions that began before
    any of them was made there are none.
    """
    rows = database.read(
        "WITH c AS MATERIALIZED (SELECT c.seq, c.tx "
        "FROM unnest(%s::timestamptz[], %s::int8[]) AS w (updated, seq) "
        "JOIN fhir.change c ON c.updated = w.updated AND c.seq = w.seq) "
        "SELECT s.key, c.seq FROM subscription.subscription s CROSS JOIN c "
        "WHERE pg_snapshot_xmax(s.began) > (SELECT min(tx) FROM c) "
        "AND pg_visible_in_snapshot(c.tx, s.began)",
        ([when for when, _ in changes], array(seq for _, seq in changes)),
    )
    return {(row[0], row[1]) for row in rows}


def note_status(connection: Connection, key: int, status: str, error: str | None) -> None:
    """The server has given it another status."""
    execute(
        connection,
        "UPDATE subscription.subscription SET status = %s, error = %s WHERE key = %s",
        (status, error, key),
    )


def drop(connection: Connection, keys: Sequence[int]) -> None:
    """These are deleted, and so is what they were told."""
    for name, column in (("subscription", "key"), ("event", "subscription")):
        execute(
            connection,
            f"DELETE FROM subscription.{name} WHERE {column} = ANY(%s::int8[])",
            (array(keys),),
        )


def event_of(database: Database, key: int, change: tuple[int, int]) -> Event | None:
    """The event that a subscription has had for a version, if it has had one."""
    rows = database.read(
        f"SELECT {_EVENT} FROM subscription.event e "
        "WHERE subscription = %s AND e.key = %s AND version = %s",
        (key, *change),
    )
    return Event(*rows[0]) if rows else None


def ids_of(database: Database, resource_type: str, keys: Sequence[int]) -> dict[int, str]:
    """The logical ids of the resources with these keys: for the server's own work."""
    rows = database.read(
        f"SELECT key, id FROM {table('resource', resource_type)} WHERE key = ANY(%s::int8[])",
        (array(keys),),
    )
    return {row[0]: row[1] for row in rows}


def number(database: Database, key: int, type: str, id: str, change: tuple[int, int],  # noqa: A002
           method: str) -> Event | None:  # fmt: skip
    """The event of a version, which gets the next number; None without a subscription.

    Of two workers that do this at once, one gives the number, and both get it.
    """
    try:
        rows = database.write(
            "WITH s AS (UPDATE subscription.subscription SET last_event = last_event + 1 "
            "WHERE key = %s RETURNING key, last_event) "
            "INSERT INTO subscription.event AS e "
            "(subscription, number, key, version, type, id, method) "
            'SELECT s.key, s.last_event, %s, %s, %s, %s, %s::"char" FROM s '
            f"RETURNING {_EVENT}",
            (key, *change, type, id, method),
        )
    except Stale:
        # The change has its number already, and so nothing was counted.
        return event_of(database, key, change)
    return Event(*rows[0]) if rows else None


def note_sent(database: Database, key: int, numbers: Sequence[int] = ()) -> None:
    """The subscriber has answered, and has these events now."""
    database.write(
        "WITH done AS (UPDATE subscription.event SET sent = now() "
        "WHERE subscription = %(key)s AND number = ANY(%(numbers)s::int8[])) "
        "UPDATE subscription.subscription SET spoken = now() WHERE key = %(key)s",
        {"key": key, "numbers": array(numbers)},
    )


def events(database: Database, key: int, *, low: int, high: int, limit: int) -> list[Event]:
    """The events from one number to another, in order."""
    rows = database.read(
        f"SELECT {_EVENT} FROM subscription.event e WHERE subscription = %s "
        "AND number BETWEEN %s AND %s ORDER BY number LIMIT %s",
        (key, low, high, limit),
    )
    return [Event(*row) for row in rows]


def events_after(
    database: Database, places: Mapping[int, int], *, limit: int
) -> list[tuple[int, Event]]:
    """The events that come after a number of each subscription (by key), in order."""
    rows = database.read(
        f"SELECT e.subscription, {_EVENT} FROM unnest(%s::int8[], %s::int8[]) AS w (key, last) "
        "JOIN subscription.event e ON e.subscription = w.key AND e.number > w.last "
        "ORDER BY e.subscription, e.number LIMIT %s",
        (array(places), array(places.values()), limit),
    )
    return [(row[0], Event(*row[1:])) for row in rows]


def quiet(connection: Connection, topic: str) -> list[tuple[int, str]]:
    """Those that are to get a heartbeat now: keys and ids. Their next one is due a period later."""
    rows = execute(
        connection,
        "UPDATE subscription.subscription s SET spoken = now() WHERE status = 'active' "
        "AND heartbeat IS NOT NULL "
        "AND coalesce(spoken, '-infinity') + make_interval(secs => heartbeat) <= now() "
        # While something is waiting, it will be heard of soon enough.
        "AND NOT EXISTS (SELECT FROM queue.item i WHERE i.topic = %s AND i.lane = s.id "
        "AND i.dead IS NULL) RETURNING key, id",
        (topic,),
    )
    return [(row[0], row[1]) for row in rows]


def over(database: Database, topic: str) -> list[tuple[int, str]]:
    """Those whose end has come, and that nothing is waiting for: keys and ids."""
    rows = database.read(
        "SELECT key, id FROM subscription.subscription s WHERE status <> 'off' AND ends <= now() "
        "AND NOT EXISTS (SELECT FROM queue.item i WHERE i.topic = %s AND i.lane = s.id "
        "AND i.dead IS NULL)",
        (topic,),
    )
    return [(row[0], row[1]) for row in rows]


def forget_events(database: Database, days: float) -> int:
    """Remove events of long ago; how many there were."""
    return len(
        database.write(
            "DELETE FROM subscription.event WHERE made < now() - %s RETURNING 1",
            (timedelta(days=days),),
        )
    )


def _plain(holder: Holder) -> dict[str, Any]:
    names = ("subject", "scope", "user", "client", "patient", "encounter", "family")
    return {n: v for n in names if (v := getattr(holder, n)) is not None}
