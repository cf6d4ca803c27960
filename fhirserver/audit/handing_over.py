"""Events on their way to the process that writes them into the database (writer.py).

Making rows would hold up the requests of a web process: its threads share one interpreter. So it
only hands its file over, twice a second. Which web process starts the writer doesn't matter:
there is one for each folder, and who finds none starts it.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from fhirserver.audit.event import Event
from fhirserver.audit.keeping import END_SECONDS, Keeping, Write
from fhirserver.audit.one_writer import has_writer
from fhirserver.audit.spool import Outbox
from fhirserver.errors import FhirError

log = logging.getLogger(__name__)

SECONDS: Final = 0.5
"""How long an event waits until the writer may take it."""
AGAIN_SECONDS: Final = 5.0
"""How long a writer has for its start before another one is started."""


class HandingOver(Keeping):
    """Leaves the writing to a process of its own."""

    def __init__(self, write: Write, folder: Path, **more: Any) -> None:
        """The arguments of Keeping; `write` is for what waits when this process ends."""
        super().__init__(write, folder, **more)
        self._writer = _Writer(folder)
        self._outbox = Outbox(folder)
        self._left = 0

    def waiting(self) -> int:
        return self._left + self._outbox.count

    def _put(self, event: Event) -> None:
        self._outbox.write(event)

    def _run(self) -> None:
        while not self._ends:
            try:
                self._hand_over()
                if not self._writer.is_seen_to():
                    self._write_here()
            except Exception:  # the thread must live whatever happens
                log.exception("audit_events_wait")
            self._wake.wait(SECONDS)
        self._hand_over(is_last=True)
        self._write_here()
        self._writer.end()

    def _hand_over(self, *, is_last: bool = False) -> None:
        with self._lock:
            self._outbox.hand_over(is_last=is_last)
        self._left = self._outbox.left()

    def _write_here(self) -> None:
        with suppress(FhirError, OSError):
            self.take_over()


class _Writer:
    """The process that writes, as one of those who hand over sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def is_seen_to(self) -> bool:
        """Start it where there is none; False when that isn't possible."""
        if self._process is not None:
            if self._process.poll() is None:
                return True
            self.end()
        if has_writer(self._folder) or time.monotonic() < self._not_before:
            return True
        self._not_before = time.monotonic() + AGAIN_SECONDS
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fhirserver.audit.writer"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
        except OSError:
            log.exception("audit_writer_missing")
            return False
        return True

    def end(self) -> None:
        """It writes what it has, and ends."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)
        self._process = None
