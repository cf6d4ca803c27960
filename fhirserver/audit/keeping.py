"""What keeps the events of one process until they are in the database.

They are in a file before an answer leaves, and a thread sees to the files. If the database can't be
reached, events wait there, up to a limit; beyond it, or when no file can be written, there is no
record, and so no answer. What the database refuses while it takes others is set aside (refused.py).
"""

from __future__ import annotations

import atexit
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fhirserver.audit.event import Event
from fhirserver.audit.refused import set_aside
from fhirserver.audit.spool import left_behind
from fhirserver.errors import FhirError, Unavailable

log = logging.getLogger(__name__)

AT_ONCE: Final = 400
"""How many events one statement writes."""
END_SECONDS: Final = 10.0
"""How long the end of a process waits for what it still has."""

Write = Callable[[Sequence[Event]], None]
"""Writes events that may be there already; raises FhirError when that isn't possible now."""

NO_RECORD: Final = (
    "nothing is answered that can't be recorded in the audit trail: the administrator must make "
    "room on the disk of the data directory, or get the database to answer"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that the database didn't take, and why."""

    event: Event
    error: Exception


class Keeping(ABC):
    """What keeps the events of one process: a file, and a thread that sees to it."""

    def __init__(
        self,
        write: Write,
        folder: Path,
        *,
        most: int = 100_000,
        fails_open: bool = False,
        close: Callable[[], None] | None = None,
    ) -> None:
        """`most` events may wait. `close` is called when the thread ends."""
        self._write, self._folder = write, folder
        self._most, self._fails_open = most, fails_open
        self._close = close
        self._lock = threading.Lock()
        self._wake = threading.Event()
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

    def take_over(self) -> int:
        """Write what nobody else sees to; how many events that were.

        Raises what keeps it from writing anything at all.
        """
        count, stuck = 0, []
        for events, path in left_behind(self._folder):
            left = self._written(events)
            count += len(events) - len(left)
            # Where nothing is written, it may be the database.
            if events and len(left) == len(events):
                stuck.append((left, path))
            else:
                self._removed(left, path)
        if stuck and not count:
            raise stuck[0][0][0].error
        for left, path in stuck:
            self._removed(left, path)
        return count

    def start(self) -> None:
        """Take over what was left behind, without waiting for an event."""
        with self._lock:
            self._begin()

    def end(self) -> None:
        """Write what waits, and end; what can't be written now stays in its file."""
        thread = self._thread
        if thread is None:
            return
        self._ends = True
        self._wake.set()
        thread.join(END_SECONDS)

    @abstractmethod
    def waiting(self) -> int:
        """How many events aren't in the database yet, as far as this process knows."""

    @abstractmethod
    def _put(self, event: Event) -> None:
        """Into a file; raises OSError when that isn't possible."""

    @abstractmethod
    def _run(self) -> None:
        """What the thread does until `_ends`."""

    def _add(self, event: Event) -> None:
        with self._lock:
            self._keep(event)

    def _keep(self, event: Event) -> None:
        self._begin()
        if self.waiting() >= self._most:
            log.error("audit_too_far_behind", extra={"waiting": self._most})
            raise Unavailable(NO_RECORD)
        try:
            self._put(event)
        except OSError as error:
            log.exception("audit_spool_broken")
            raise Unavailable(NO_RECORD) from error

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="audit", daemon=True)
            self._thread.start()
            atexit.register(self.end)

    def _live(self) -> None:
        try:
            with suppress(FhirError, OSError):
                if count := self.take_over():
                    log.info("audit_events_taken_over", extra={"count": count})
            self._run()
        finally:
            if self._close is not None:
                self._close()

    def _write_all(self, events: Sequence[Event]) -> None:
        """Write events, and set aside those that are refused; raises why when none is taken."""
        left = self._written(events)
        if left and len(left) == len(events):
            raise left[0].error
        self._set_aside(left)

    def _removed(self, left: Sequence[Refused], path: Path) -> None:
        self._set_aside(left)
        path.unlink(missing_ok=True)

    def _set_aside(self, left: Sequence[Refused]) -> None:
        for one in left:
            set_aside(self._folder, one.event, one.error)

    def _written(self, events: Sequence[Event]) -> list[Refused]:
        """Write events; those that the database refuses. Raises Unavailable."""
        left: list[Refused] = []
        for start in range(0, len(events), AT_ONCE):
            some = events[start : start + AT_ONCE]
            try:
                self._write(some)
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - one of them, or all: each tells by itself
                left += self._one_by_one(some)
        return left

    def _one_by_one(self, events: Sequence[Event]) -> list[Refused]:
        left: list[Refused] = []
        for event in events:
            try:
                self._write([event])
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whoever calls decides
                left.append(Refused(event, error))
        return left
