"""The buffer: events on their way into the database, written in batches by a thread of their own.

In each web process one thread writes what has come, at most half a second later, hundreds of events
in one statement. If the database can't be reached, events wait here and in the spool, up to a
limit; beyond it, or when the spool can't be written, there is no record, and so no answer.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from fhirserver.audit.event import Event
from fhirserver.audit.spool import Spool, left_behind
from fhirserver.errors import FhirError, Unavailable

log = logging.getLogger(__name__)

SECONDS: Final = 0.5
"""How long an event waits at most."""
AT_ONCE: Final = 400
"""How many events one statement writes, and how many don't wait."""
RETRY_SECONDS: Final = 1.0
STRICT_SECONDS: Final = 10.0
"""How long an answer waits for its event in strict mode."""

Write = Callable[[Sequence[Event]], None]
"""Writes events that may be there already; raises FhirError when that isn't possible now."""

_NO_RECORD: Final = (
    "nothing is answered that can't be recorded in the audit trail: the administrator must make "
    "room on the disk of the data directory, or get the database to answer"
)


class _Batch:
    """The events that go into the database together, and who waits for that."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.is_written = threading.Event()


class Buffer:
    """The events of one process."""

    def __init__(
        self,
        write: Write,
        folder: Path,
        *,
        is_strict: bool = False,
        most: int = 100_000,
        fails_open: bool = False,
        close: Callable[[], None] | None = None,
    ) -> None:
        """`most` events may wait. `close` is called when the thread that writes ends."""
        self._write, self._folder = write, folder
        self._is_strict, self._most, self._fails_open = is_strict, most, fails_open
        self._close = close
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._batch = _Batch()
        self._late = 0
        self._spool: Spool | None = None
        self._thread: threading.Thread | None = None
        self._ends = False

    def add(self, event: Event) -> None:
        """Keep an event; raises Unavailable when that isn't possible."""
        try:
            self._add(event)
        except Unavailable:
            if not self._fails_open:
                raise
            log.exception("audit_event_lost", extra={"id": event.id})

    def _add(self, event: Event) -> None:
        with self._lock:
            if self._thread is None:
                self._start()
            if self._late + len(self._batch.events) >= self._most:
                log.error("audit_too_far_behind", extra={"waiting": self._most})
                raise Unavailable(_NO_RECORD)
            try:
                if self._spool is None:
                    self._spool = Spool(self._folder)
                self._spool.write(event)
            except OSError as error:
                log.exception("audit_spool_broken")
                raise Unavailable(_NO_RECORD) from error
            batch = self._batch
            batch.events.append(event)
            if self._is_strict or len(batch.events) == AT_ONCE:
                self._wake.set()
        if self._is_strict and not batch.is_written.wait(STRICT_SECONDS):
            raise Unavailable(_NO_RECORD)

    def take_over(self) -> int:
        """Write what processes that are gone have left; how many events that were."""
        count = 0
        for events, path in left_behind(self._folder):
            self._write_all(events)
            path.unlink(missing_ok=True)
            count += len(events)
        if count:
            log.info("audit_events_taken_over", extra={"count": count})
        return count

    def start(self) -> None:
        """Take over what was left behind, without waiting for an event."""
        with self._lock:
            if self._thread is None:
                self._start()

    def end(self) -> None:
        """Write what waits, and end; what can't be written now stays in the spool."""
        thread = self._thread
        if thread is None:
            return
        self._ends = True
        self._wake.set()
        thread.join(STRICT_SECONDS)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()
        atexit.register(self.end)

    def _run(self) -> None:
        try:
            with suppress(FhirError, OSError):
                self.take_over()
            while not self._ends:
                self._wake.wait(SECONDS)
                self._flush()
            self._flush()
            with self._lock:
                if self._spool is not None:
                    self._spool.close(is_settled=not self._batch.events)
                    self._spool = None
        finally:
            if self._close is not None:
                self._close()

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

    def _write_all(self, events: Sequence[Event]) -> None:
        for start in range(0, len(events), AT_ONCE):
            self._write(events[start : start + AT_ONCE])
