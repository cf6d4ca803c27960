"""One thread keeps what all threads bring: what waits while it is busy is kept together.

So four associations, or two hundred, share a transaction, a wait for the disk and a connection.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

from fhirserver.errors import Unavailable
from fhirserver.instances.facts import Arrival, Kept
from fhirserver.instances.keeping import Keeping

log = logging.getLogger(__name__)

MOST_TOGETHER: Final = 256
"""A list that is longer is kept alone."""
IDLE_SECONDS: Final = 10.0
"""How long the thread, and its connection to PostgreSQL, wait for somebody."""

_Waiting = tuple[Sequence[Arrival], "Future[list[Kept]]"]


class Committer:
    """`keep` from any thread. The thread behind it starts when it is needed, and costs nothing."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def keep(self, arrivals: Sequence[Arrival]) -> list[Kept]:
        """What became of them, when they are kept for good."""
        return self.begin(arrivals).result()

    def begin(self, arrivals: Sequence[Arrival]) -> Future[list[Kept]]:
        """The same, to wait for later."""
        future: Future[list[Kept]] = Future()
        with self._lock:
            self._waiting.put((arrivals, future))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="dicom-keep", daemon=True)
                self._thread.start()
        return future

    def _run(self) -> None:
        while (first := self._next()) is not None:
            group = [first]
            count = len(group[0][0])
            while count < MOST_TOGETHER:
                try:
                    group.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
                count += len(group[-1][0])
            self._keep(group)

    def _next(self) -> _Waiting | None:
        """Who waits; None when nobody has come for a while, and the thread is over."""
        try:
            return self._waiting.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            with self._lock:
                if self._waiting.empty():
                    self._thread = None
                    return None
            return self._waiting.get()

    def _keep(self, group: Sequence[_Waiting]) -> None:
        try:
            left = self._keep_singles(group)
        except Exception as error:  # noqa: BLE001 - the thread must live whatever happens
            _refuse(group, error)
        else:
            self._keep_lists(left)

    def _keep_singles(self, group: Sequence[_Waiting]) -> list[_Waiting]:
        """Who brings one instance, most do, has it when it is kept; who is left."""
        singles = [arrivals[0] for arrivals, _ in group if len(arrivals) == 1]
        kept = self._keeping.keep_apart(singles) if singles else {}
        left = []
        for arrivals, future in group:
            found = kept.get(arrivals[0].upload.id) if arrivals else None
            if found is None:
                left.append((arrivals, future))
            else:
                future.set_result([found])
        return left

    def _keep_lists(self, group: Sequence[_Waiting]) -> None:
        if not group:
            return
        try:
            kept = self._keeping.keep([a for arrivals, _ in group for a in arrivals])
        except Exception as error:  # noqa: BLE001 - the thread must live whatever happens
            if len(group) == 1 or isinstance(error, Unavailable):
                _refuse(group, error)
                return
            # One of them can't be kept; the others can.
            for one in group:
                self._keep_lists([one])
            return
        at = 0
        for arrivals, future in group:
            future.set_result(kept[at : at + len(arrivals)])
            at += len(arrivals)


def _refuse(group: Sequence[_Waiting], error: Exception) -> None:
    log.warning("dicom_not_kept", extra={"error": type(error).__name__})
    for arrivals, future in group:
        # When the database went away nobody knows whether it was committed: the sweep will tell.
        if not isinstance(error, Unavailable):
            for arrival in arrivals:
                arrival.upload.discard()
        future.set_exception(error)
