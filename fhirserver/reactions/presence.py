"""Whether the processes that have taken something on are still there.

Each has a lock of PostgreSQL that ends with it (storage/holders.py). The others see within
seconds that it is free, and give back what its owner had taken on, which would otherwise lie there
until its lease is over.

A lock is lost, too, when only the connection is: at a restart of PostgreSQL all are, at once. So
nobody is taken for dead who may be about to come back, and a turn that goes on keeps the number
that it began with for as long as it takes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from fhirserver import ids, queues
from fhirserver.queues import Database, Seen

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
GRACE_SECONDS: Final = 2.0
"""So long a lock has to be free: a connection that broke is there again by then."""
SETTLING_SECONDS: Final = 10.0
"""So long there has to have been some connection: before that all were new, as after a restart."""


class Absences:
    """Who has been gone for how long; told what one session saw, and when."""

    def __init__(self) -> None:
        self._session = 0
        self._known: set[int] = set()
        self._missing: dict[int, float] = {}

    def is_news(self, session: int) -> bool:
        """Whether it is another session than before: what it sees begins anew."""
        if session == self._session:
            return False
        self._session = session
        self._missing.clear()
        return True

    def know(self, holders: set[int]) -> None:
        self._known |= holders

    def gone(self, alive: frozenset[int], now: float, lasting: float) -> list[int]:
        """Those that are no longer expected to come back.

        `lasting` is for how long there has been a connection that is still there.
        """
        self._known |= alive
        for holder in alive:
            self._missing.pop(holder, None)
        for holder in self._known - alive:
            self._missing.setdefault(holder, now)
        if lasting < SETTLING_SECONDS:
            return []
        return [h for h, since in self._missing.items() if now - since >= GRACE_SECONDS]

    def forget(self, holders: list[int]) -> None:
        for holder in holders:
            self._known.discard(holder)
            self._missing.pop(holder, None)


class Presence:
    """This process among the others, from `start` to `stop`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._current = queues.new_holder()
        self._turns: Counter[int] = Counter()
        self._own: frozenset[int] = frozenset()
        self._absences = Absences()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="presence", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Go: after everything that was taken on has been given back."""
        self._is_over.set()
        self._thread.join(GRACE_SECONDS)

    @contextmanager
    def turn(self) -> Iterator[Callable[[], str]]:
        """A turn of work, with what makes its leases.

        When it raises, nobody can say what it has left behind; so its number is given up, and all
        that has it is free as soon as the other turns under that number are over.
        """
        with self._lock:
            holder = self._current
            self._turns[holder] += 1
        try:
            yield lambda: queues.lease_of(holder) if holder in self._own else ids.new()
        except BaseException:
            with self._lock:
                if self._current == holder:
                    self._current = queues.new_holder()
            raise
        finally:
            with self._lock:
                self._turns[holder] -= 1
                if not self._turns[holder]:
                    del self._turns[holder]

    def _loop(self) -> None:
        while not self._is_over.is_set():
            try:
                self._look(time.monotonic())
            except Exception as error:  # noqa: BLE001 - leases that last their time do instead
                self._own = frozenset()
                log.warning("presence_unknown", extra={"error": type(error).__name__})
            self._is_over.wait(LOOK_SECONDS)
        self._database.close()

    def _look(self, now: float) -> None:
        """See who is there, be there, and give back what those had who are gone."""
        seen = self._being_there(queues.look(self._database))
        if self._absences.is_news(seen.session):
            self._absences.know(queues.with_leases(self._database))
        gone = self._absences.gone(seen.alive, now, seen.lasting)
        if not gone:
            return
        count = queues.release_all(self._database, gone)
        self._absences.forget(gone)
        if count:
            log.warning("worker_gone", extra={"holders": len(gone), "items": count})

    def _being_there(self, seen: Seen) -> Seen:
        with self._lock:
            wanted = frozenset({self._current, *self._turns})
        own = {h for h in wanted if h in seen.own or queues.appear(self._database, h)}
        for holder in seen.own - wanted:
            queues.vanish(self._database, holder)
        self._own = frozenset(own)
        return Seen(seen.session, seen.lasting, self._own, (seen.alive - seen.own) | own)
