"""Websockets of subscriptions: bound by a token, told of events as they get their numbers.

    client: bind-with-token TOKEN          (of Subscription/$get-ws-binding-token)
    server: a handshake for each subscription, then their notifications

A subscription of R4's own kind is answered `bound ID`, and told `ping ID`. What happens while
nobody listens, `$events` tells. One poll is for all who are bound; each is told with the rights
that the subscription's owner has then.
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#websockets
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Unauthorized
from fhirserver.interactions.operating.subscription_secret import key_of
from fhirserver.notifications.binding import bound_by
from fhirserver.notifications.subscription import asked
from fhirserver.storage.subscriptions import (
    Event,
    Subscriber,
    events_after,
    subscriber,
    subscriber_named,
)
from fhirserver.subscriptions.rights import Rights
from fhirserver.subscriptions.telling import about_event, about_itself

log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

PATH: Final = "/push/subscriptions"
POLL_SECONDS: Final = 0.2
LONGEST_PAUSE: Final = 5.0
BIND_SECONDS: Final = 60.0
SEND_SECONDS: Final = 20.0
THREADS: Final = 2
AT_ONCE: Final = 500
MOST_WAITING: Final = 2_000
MOST_BOUND: Final = 200
REFUSED: Final = 4401
"""What a connection is closed with whose token doesn't hold, or who never sent one."""
TOO_SLOW: Final = 1013

_BIND: Final = re.compile(r"bind-with-token:?\s+(\S{1,16000})\s*")

T = TypeVar("T")


@dataclass(eq=False)
class Connection:
    """Somebody who listens.

    By the keys of subscriptions: `bound` are the numbers of the last events told, `spoken` when
    that was, `periods` how many seconds there are between heartbeats.
    """

    bound: dict[int, int] = field(default_factory=dict)
    spoken: dict[int, float] = field(default_factory=dict)
    periods: dict[int, int] = field(default_factory=dict)
    waiting: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    code: int = TOO_SLOW

    def tell(self, text: str) -> None:
        """Let a text be sent; who doesn't take what comes is let go."""
        try:
            self.waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.end(TOO_SLOW)

    def end(self, code: int) -> None:
        """Close it when this turn is over; what waits isn't sent."""
        self.code = code
        self.bound.clear()
        self.periods.clear()
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Sockets:
    """All websockets of a process."""

    def __init__(self, engine: Engine, *, origins: frozenset[str]) -> None:
        self._engine = engine
        self._database = engine.context.store.database
        self._most = engine.context.settings.push_max_connections
        self._origins = origins
        self._rights = Rights(engine)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sockets")
        self._all: set[Connection] = set()
        self._polling: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._all)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One connection, from its beginning to its end."""
        await receive()
        if scope["path"] != PATH or not self._is_ours(scope) or len(self) >= self._most:
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        connection = Connection()
        self._all.add(connection)
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())
        tasks = [
            asyncio.create_task(self._listen(connection, receive)),
            asyncio.create_task(self._speak(connection, send)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._all.discard(connection)
            for task in tasks:
                task.cancel()
            with contextlib.suppress(Exception):
                await send({"type": "websocket.close", "code": connection.code})

    def _is_ours(self, scope: Mapping[str, Any]) -> bool:
        """Whether it comes from no page, or from one that may."""
        given = [v.decode("latin-1") for k, v in scope["headers"] if k == b"origin"]
        return not given or "*" in self._origins or set(given) <= self._origins

    async def _listen(self, connection: Connection, receive: Receive) -> None:
        """Take what the client says, until it is gone or can't be understood."""
        patience: float | None = BIND_SECONDS
        while True:
            try:
                said = await asyncio.wait_for(receive(), patience)
            except TimeoutError:
                connection.code = REFUSED
                return
            if said["type"] != "websocket.receive":
                return
            found = _BIND.fullmatch(said.get("text") or "")
            if found is None:
                connection.code = 1003
                return
            try:
                told = await self._blocking(self._bound, connection, found[1])
            except FhirError:
                connection.code = REFUSED
                return
            patience = None
            for held, text in told:
                connection.tell(text)
                connection.bound.setdefault(held.key, held.last_event)
                connection.spoken[held.key] = time.monotonic()
                heartbeat = asked(held.content).channel.heartbeat
                if heartbeat is not None:
                    connection.periods[held.key] = heartbeat

    def _bound(self, connection: Connection, token: str) -> list[tuple[Subscriber, str]]:
        """What a token binds to, with the handshake of each. Raises Unauthorized."""
        made: list[tuple[Subscriber, str]] = []
        for name in bound_by(key_of(self._engine.own_context), token):
            held = subscriber_named(self._database, name)
            if held is None or held.status == "off":
                continue
            if self._rights.principal(held.holder) is None:
                raise Unauthorized
            wish = asked(held.content)
            text = (
                about_itself(self._engine, held, wish, "handshake").decode()
                if wish.is_topic_based
                else f"bound {held.id}"
            )
            made.append((held, text))
        if not made or len(connection.bound) + len(made) > MOST_BOUND:
            raise Unauthorized
        return made

    async def _speak(self, connection: Connection, send: Send) -> None:
        """Send what waits; whoever doesn't take it in time is gone."""
        while (text := await connection.waiting.get()) is not None:
            message = {"type": "websocket.send", "text": text}
            await asyncio.wait_for(send(message), SEND_SECONDS)

    async def _poll(self) -> None:
        """Look for events of whoever is bound, while somebody is."""
        failures = 0
        while self._all:
            has_more = False
            try:
                has_more = await self._turn()
                failures = 0
            except Exception as error:
                failures += 1
                log.warning("sockets_failed", extra={"error": str(error)}, exc_info=error)
            if not has_more:
                await asyncio.sleep(min(POLL_SECONDS * 2.0 ** min(failures, 8), LONGEST_PAUSE))

    async def _turn(self) -> bool:
        places: dict[int, int] = {}
        for connection in self._all:
            for key, number in connection.bound.items():
                places[key] = min(number, places.get(key, number))
        if not places:
            return False
        told, gone, is_full = await self._blocking(self._told, places)
        for connection in list(self._all):
            if not connection.bound.keys().isdisjoint(gone):
                connection.end(REFUSED)
                continue
            for key, number, text in told:
                if number > connection.bound.get(key, number):
                    connection.bound[key] = number
                    connection.spoken[key] = time.monotonic()
                    connection.tell(text)
        await self._beat()
        return is_full

    def _told(self, places: Mapping[int, int]) -> tuple[list[tuple[int, int, str]], set[int], bool]:
        """The texts of new events, by subscription and number; and whose rights are gone."""
        found = events_after(self._database, places, limit=AT_ONCE)
        texts: list[tuple[int, int, str]] = []
        gone: set[int] = set()
        known: dict[int, Subscriber | None] = {}
        for key, event in found:
            held = known[key] if key in known else subscriber(self._database, key)
            known[key] = held
            text = None if held is None else self._text(held, event)
            if text is None:
                gone.add(key)
            else:
                texts.append((key, event.number, text))
        return texts, gone, len(found) == AT_ONCE

    def _text(self, held: Subscriber, event: Event) -> str | None:
        """What is told of an event; None when the subscription is over, or its owner gone."""
        caller = self._rights.principal(held.holder)
        if caller is None or held.status == "off":
            return None
        wish = asked(held.content)
        if not wish.is_topic_based:
            return f"ping {held.id}"
        return about_event(self._engine, held, caller, wish, event).decode()

    async def _beat(self) -> None:
        """Heartbeats to those who have heard nothing for their period."""
        now = time.monotonic()
        due = [(c, k) for c in self._all for k, p in c.periods.items() if now - c.spoken[k] >= p]
        if due:
            texts = await self._blocking(self._beats, sorted({key for _, key in due}))
            for connection, key in due:
                connection.spoken[key] = now
                if key in texts:
                    connection.tell(texts[key])

    def _beats(self, keys: Sequence[int]) -> dict[int, str]:
        made = {}
        for key in keys:
            held = subscriber(self._database, key)
            if held is not None and held.status == "active":
                wish = asked(held.content)
                made[key] = about_itself(self._engine, held, wish, "heartbeat").decode()
        return made

    async def _blocking(self, act: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act, *arguments)
