"""The threads that relay and work: in `fhirserver worker`, as many processes as there are.

They look into PostgreSQL several times a second, and need no broker: what comes is seen within
POLL_SECONDS whether Valkey is there or not. Nothing is held in memory, so a process may be killed
at any time, and any number of them share the work.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fhirserver import queues
from fhirserver.errors import FhirError
from fhirserver.queues import Database, Finished, Item
from fhirserver.reactions import Reaction, Reader, Worker
from fhirserver.reactions.pace import Pace, Turn
from fhirserver.reactions.presence import Presence
from fhirserver.reactions.relay import relay

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.2
GATHER_SECONDS: Final = 0.1
"""How long what comes is gathered at least: much is done together for hardly more than one."""
TURN_SECONDS: Final = 2.0
"""How long a thread stays with a topic, and so how long stopping may take."""
LONGEST_PAUSE: Final = 10.0


class Running:
    """The readers and workers of some reactions, until `stop`."""

    def __init__(self, database: Database, reactions: Sequence[Reaction]) -> None:
        self._database = database
        self._workers = {w.topic: w for r in reactions for w in r.workers}
        self._readers = [reader for r in reactions for reader in r.readers]
        self._pace = {t: Pace(w.threads, w.waiting) for t, w in self._workers.items()}
        self._is_over = threading.Event()
        self._presence = Presence(database)
        # Something may have come for the workers.
        self._has_come = threading.Event()
        # So many threads keep their connections to PostgreSQL, which hasn't got many more.
        self._most_kept = sum(w.threads for w in self._workers.values())
        self._kept: set[int] = set()
        self._lock = threading.Lock()
        most = sum(w.threads + w.waiting for w in self._workers.values())
        self._pool = ThreadPoolExecutor(max(most, 1), thread_name_prefix="work")
        self._threads = [
            threading.Thread(target=self._loop, args=(act, pause), name=name, daemon=True)
            for name, act, pause in self._loops()
        ]

    def _loops(self) -> list[tuple[str, Callable[[], bool], threading.Event]]:
        found = [
            (f"read {reader.name}", self._reading(reader), self._is_over)
            for reader in self._readers
        ]
        return [*found, ("dispatch", self._dispatch, self._has_come)]

    def start(self) -> None:
        self._presence.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish the item under way."""
        self._is_over.set()
        self._has_come.set()
        for thread in self._threads:
            thread.join(TURN_SECONDS)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._presence.stop()

    def _loop(self, act: Callable[[], bool], pause: threading.Event) -> None:
        """Do it again and again: at once while there is more, otherwise after a pause."""
        failures = 0
        while not self._is_over.is_set():
            try:
                has_more = act()
                failures = 0
            except Exception as error:
                failures += 1
                has_more = False
                log.warning(
                    "reaction_failed",
                    extra={"loop": threading.current_thread().name, "error": str(error)},
                    exc_info=None if isinstance(error, FhirError) else error,
                )
            if not has_more:
                seconds = min(POLL_SECONDS * 2.0 ** min(failures, 10), LONGEST_PAUSE)
                (self._is_over if failures else pause).wait(seconds)
        self._database.close()

    def _reading(self, reader: Reader) -> Callable[[], bool]:
        is_known = False

        def read() -> bool:
            nonlocal is_known
            if not is_known:
                queues.begin(self._database, reader.name)
                is_known = True
            count = relay(self._database, reader)
            if count:
                self._has_come.set()
            return count >= reader.at_once

        return read

    def _dispatch(self) -> bool:
        """Give a thread to each topic that has something to be done, and has one to spare."""
        self._is_over.wait(GATHER_SECONDS)
        self._has_come.clear()
        for topic in queues.due(self._database, list(self._workers)):
            for turn in self._pace[topic].begin():
                if self._is_over.is_set():
                    return False
                self._pool.submit(self._turn, self._workers[topic], turn)
        return False

    def _turn(self, worker: Worker, turn: Turn) -> None:
        pace, done = self._pace[worker.topic], 0

        def act(item: Item) -> Finished | None:
            with pace.timed(turn, item):
                return worker.act(item)

        slow = pace.slow_lanes()
        only, without = (slow, ()) if turn.is_slow else (None, slow)
        try:
            with self._presence.turn() as new_lease:
                done = queues.work(
                    self._database,
                    worker.topic,
                    act,
                    seconds=TURN_SECONDS,
                    most_attempts=worker.most_attempts,
                    lease_seconds=worker.lease_seconds,
                    lanes=worker.lanes,
                    of_a_lane=worker.of_a_lane,
                    only=only,
                    without=without,
                    longest_delay=worker.longest_delay,
                    new_lease=new_lease,
                    together=worker.together,
                )
        except Exception as error:
            log.warning(
                "turn_failed",
                extra={"topic": worker.topic, "error": str(error)},
                exc_info=None if isinstance(error, FhirError) else error,
            )
        finally:
            pace.end(turn)
            if not self._keeps(is_slow=turn.is_slow):
                self._database.close()
        if done and not self._is_over.is_set():
            self._has_come.set()

    def _keeps(self, *, is_slow: bool) -> bool:
        """Whether this thread keeps its connections for its next turn: not all may."""
        me = threading.get_ident()
        with self._lock:
            if is_slow:
                self._kept.discard(me)
            elif len(self._kept) < self._most_kept:
                self._kept.add(me)
            return me in self._kept
