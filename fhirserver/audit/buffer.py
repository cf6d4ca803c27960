"""The buffer: events on their way into the database, written in batches by a thread of their own.

One thread of a process writes what has come, at most half a second later, hundreds of events in one
statement.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any, Final

from fhirserver.audit.event import Event
from fhirserver.audit.keeping import AT_ONCE, NO_RECORD, Keeping, Write
from fhirserver.audit.spool import Spool
from fhirserver.errors import Unavailable

log = logging.getLogger(__name__)

SECONDS: Final = 0.5
"""How long an event waits at most."""
RETRY_SECONDS: Final = 1.0
STRICT_SECONDS: Final = 10.0
"""How long an answer waits for its event in strict mode."""


class _Batch:
    """The events that go into the database together, and who waits for that."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.is_written = threading.Event()


class Buffer(Keeping):
    """Writes the events itself."""

    def __init__(self, write: Write, folder: Path, *, is_strict: bool = False, **more: Any) -> None:
        """The arguments of Keeping; with `is_strict`, `add` returns when an event is written."""
        super().__init__(write, folder, **more)
        self._is_strict = is_strict
        self._batch = _Batch()
        self._late = 0
        self._spool: Spool | None = None

    def waiting(self) -> int:
        return self._late + len(self._batch.events)

    def _put(self, event: Event) -> None:
        if self._spool is None:
            self._spool = Spool(self._folder)
        self._spool.write(event)
        self._batch.events.append(event)
        if self._is_strict or len(self._batch.events) == AT_ONCE:
            self._wake.set()

    def _add(self, event: Event) -> None:
        with self._lock:
            self._keep(event)
            batch = self._batch
        if self._is_strict and not batch.is_written.wait(STRICT_SECONDS):
            raise Unavailable(NO_RECORD)

    def _run(self) -> None:
        while not self._ends:
            self._wake.wait(SECONDS)
            self._flush()
        self._flush()
        with self._lock:
            if self._spool is not None:
                self._spool.close(is_settled=not self._batch.events)
                self._spool = None

    def _flush(self) -> None:
        with self._lock:
            self._wake.clear()
            batch = self._batch
            if not batch.events or self._spool is None:
                return
            self._batch = _Batch()
            self._late = len(batch.events)
            self._spool.turn()
        while True:
            try:
                self._write_all(batch.events)
                break
            except Exception as error:  # noqa: BLE001 - the thread must live whatever happens
                what = {"count": len(batch.events), "error": type(error).__name__}
                log.error("audit_events_wait", extra=what)  # noqa: TRY400 - every few seconds
                if self._ends:
                    self._leave(batch)
                    return
                threading.Event().wait(RETRY_SECONDS)
        with self._lock:
            self._late = 0
            self._spool.settle()
        batch.is_written.set()

    def _leave(self, batch: _Batch) -> None:
        """At the end, what can't be written stays where it is."""
        with self._lock:
            self._batch.events = batch.events + self._batch.events
