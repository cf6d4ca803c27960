"""The processes that store an import's lines: there while there is much to store, then gone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Final

from fhirserver.engine import Engine
from fhirserver.errors import Unavailable
from fhirserver.processes import pool

IDLE_SECONDS: Final = 30.0


class Helpers:
    """Up to so many processes; 0 is as many as there are cores."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self.count = most or len(os.sched_getaffinity(0))
        self._pool: ProcessPoolExecutor | None = None
        self._leaving: threading.Timer | None = None
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[Executor]:
        """The processes. They take some seconds to come, and stay for a while for the next part.

        Raises Unavailable when one of them was killed: there will be new ones.
        """
        with self._lock:
            self._stay()
            if self._pool is None:
                assert self._engine.again is not None
                self._pool = pool(self._engine.again, self.count)
            running = self._pool
        try:
            yield running
        except BrokenProcessPool as error:
            with self._lock:
                self._end()
            raise Unavailable("a process that stores lines was killed: is there memory?") from error
        finally:
            with self._lock:
                self._stay()
                self._leaving = threading.Timer(IDLE_SECONDS, self._leave)
                self._leaving.daemon = True
                self._leaving.start()

    def end(self) -> None:
        """Let them end at once."""
        with self._lock:
            self._stay()
            self._end()

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _leave(self) -> None:
        with self._lock:
            # Somebody may have come just now, for whom they stay.
            if self._leaving is threading.current_thread():
                self._end()

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
