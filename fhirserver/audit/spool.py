"""The spool: two local files of one process, in which events wait until they are in the database.

A line is an event as JSON, written with one system call before the answer leaves, so that a worker
that is killed loses none. While one file is being written into the database, new events go to the
other; then the first one is emptied. A file is locked for as long as its process lives: who can
lock it has found the file of a dead one, and takes its events over.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from fhirserver import ids
from fhirserver.audit.event import Event

log = logging.getLogger(__name__)

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Event).decode
_SUFFIX: Final = ".events"


class Spool:
    """Two files of this process in a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError when the folder can't be made or written."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = ids.new()
        self._files = [_opened(folder / f"{name}-{n}{_SUFFIX}") for n in (1, 2)]
        self._active = 0

    def write(self, event: Event) -> None:
        """Append an event; raises OSError when that isn't possible."""
        line = _encode(event) + b"\n"
        descriptor = self._files[self._active][1]
        written = os.write(descriptor, line)
        if written != len(line):
            # What is left of a full disk: the line would run into the next one.
            os.write(descriptor, b"\n")
            raise OSError("the spool took only a part of an event")

    def turn(self) -> None:
        """From now on events go to the other file, which is empty."""
        self._active = 1 - self._active

    def settle(self) -> None:
        """The events of the file that isn't written to are in the database."""
        os.ftruncate(self._files[1 - self._active][1], 0)

    def close(self, *, is_settled: bool) -> None:
        """Give the files up; without all events in the database they stay for another process."""
        for path, descriptor in self._files:
            if is_settled:
                path.unlink(missing_ok=True)
            os.close(descriptor)


def left_behind(folder: Path) -> Iterator[tuple[list[Event], Path]]:
    """The events in the files of processes that are gone; each file is locked meanwhile.

    The files are to be removed when the events are in the database.
    """
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield _events(path), path
        finally:
            os.close(descriptor)


def _opened(path: Path) -> tuple[Path, int]:
    """A new locked file, which gets its name when it is locked: nobody takes it for a left one."""
    unnamed = path.with_suffix(".new")
    descriptor = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unnamed.rename(path)
    return path, descriptor


def _events(path: Path) -> list[Event]:
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(_decode(line))
        except msgspec.MsgspecError:
            # The last line of a process that was killed while it wrote: its answer never left.
            log.warning("audit_line_torn", extra={"file": path.name})
    return found
