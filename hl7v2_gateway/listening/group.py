"""Messages of all connections that come at the same time are committed together.

A commit waits for the disk; with one for each message that would be all that a machine can do.
While one is under way, the messages for the next gather. Answers go out when theirs has ended.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from fhirserver.errors import FhirError, KeyUnavailable, Unavailable
from hl7v2_gateway.intake import Answer, Received

log = logging.getLogger(__name__)

MOST: Final = 200
MOST_BYTES: Final = 8_000_000
PATIENCE_SECONDS: Final = 20.0
"""How long messages wait for a database that can't be reached, before their senders are cut off."""

Take = Callable[[Sequence[Received]], list[Answer]]
Given = tuple[Received, "asyncio.Future[Answer]"]


class Group:
    """One thread that keeps what comes; its own connection to the database is closed at the end."""

    def __init__(
        self, take: Take, close: Callable[[], None], patience: float | None = None
    ) -> None:
        self._take = take
        self._close = close
        self._patience = PATIENCE_SECONDS if patience is None else patience
        self._queue: queue.SimpleQueue[Given | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="hl7v2 intake", daemon=True)
        self._thread.start()

    def submit(self, received: Received) -> asyncio.Future[Answer]:
        """Its answer, when it is kept. Raises Unavailable there when it can't be."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._queue.put((received, future))
        return future

    async def stop(self) -> None:
        """Keep what has come, and end."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while (batch := self._next()) is not None:
                self._keep(batch)
        finally:
            self._close()

    def _next(self) -> list[Given] | None:
        """What is there, in order; None when it is over."""
        first = self._queue.get()
        if first is None:
            return None
        batch, size = [first], len(first[0].raw)
        while len(batch) < MOST and size < MOST_BYTES:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            batch.append(more)
            size += len(more[0].raw)
        return batch

    def _keep(self, batch: list[Given]) -> None:
        try:
            answers = self._tried([received for received, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, Unavailable | KeyUnavailable):
                # One that can't be kept must not take the others with it.
                for one in batch:
                    self._keep([one])
                return
            log.exception(
                "hl7v2_not_kept",
                extra={"messages": len(batch), "error": type(error).__name__},
                exc_info=None if isinstance(error, FhirError) else error,
            )
            self._tell(batch, error)
        else:
            self._tell(batch, answers)

    def _tried(self, received: list[Received]) -> list[Answer]:
        """The answers, after a pause if need be: PostgreSQL may just be starting again."""
        ends = time.monotonic() + self._patience
        pause = 0.05
        while True:
            try:
                return self._take(received)
            except (Unavailable, KeyUnavailable):
                # What was committed all the same is found as a duplicate.
                if time.monotonic() + pause > ends:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    def _tell(self, batch: list[Given], what: list[Answer] | Exception) -> None:
        def tell() -> None:
            for n, (_, future) in enumerate(batch):
                if future.cancelled():
                    continue
                if isinstance(what, Exception):
                    future.set_exception(what)
                else:
                    future.set_result(what[n])

        self._loop.call_soon_threadsafe(tell)
