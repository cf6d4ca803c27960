"""The process that writes events into the database for the web processes of one data directory.

`python -m fhirserver.audit.writer`, started by one of them (handing_over.py). It takes over the
files that nobody has any more, and ends when whoever started it is gone; then another one starts it
again. What it doesn't get to stays in the files.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from typing import Final

from fhirserver import logs, settings
from fhirserver.audit.one_writer import one_writer
from fhirserver.audit.recorder import FOLDER, Recorder
from fhirserver.garbage import settled
from fhirserver.storage.database import Database

log = logging.getLogger(__name__)

SECONDS: Final = 0.1
"""How often it looks for files."""
RETRY_SECONDS: Final = 1.0


def main() -> None:
    """Write until the standard input ends."""
    # The terminal interrupts all at once; this process has work until the others are gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    read = settings.read()
    logs.configure(read.log_level)
    assert read.database_url is not None
    with one_writer(read.data_dir / FOLDER) as is_ours:
        if is_ours:
            recorder = Recorder(read, Database(read.database_url))
            settled()
            _write(recorder, _end_of_input())


def _end_of_input() -> threading.Event:
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=wait, name="input", daemon=True).start()
    return ended


def _write(recorder: Recorder, ended: threading.Event) -> None:
    while True:
        is_last = ended.is_set()
        try:
            count = recorder.buffer.take_over()
        except Exception as error:  # noqa: BLE001 - it must live whatever happens
            log.error("audit_events_wait", extra={"error": type(error).__name__})  # noqa: TRY400 - every second
            count = 0
            ended.wait(RETRY_SECONDS)
        if is_last:
            return
        if not count:
            ended.wait(SECONDS)


if __name__ == "__main__":
    main()
