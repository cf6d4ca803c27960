"""The spool: local files of one process, in which events wait until they are in the database.

A line is an event as JSON. The files are mapped into memory: what is there before the answer leaves
is the system's, so that a worker that is killed loses none, and a line costs no system call, for
which a thread would let others go first. A file is locked for as long as its process wants it: who
can lock it has found one that was handed over or that of a dead process, and takes over its events.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
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
ROOM: Final = 1 << 20
"""Bytes by which a file grows; it has them on the disk before anything is written there."""

FILES: Final = 8
"""Files that wait for whoever takes them over, before a file must have `EVENTS` events."""
EVENTS: Final = 10_000


class Spool:
    """Two files of this process in a folder.

    While one file is being written into the database, new events go to the other; then the first
    one is emptied.
    """

    def __init__(self, folder: Path) -> None:
        """Raises OSError when the folder can't be made or written."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = ids.new()
        self._files = [_File(folder / f"{name}-{n}{_SUFFIX}") for n in (1, 2)]
        self._active = 0

    def write(self, event: Event) -> None:
        """Append an event; raises OSError when that isn't possible."""
        self._files[self._active].append(_encode(event) + b"\n")

    def turn(self) -> None:
        """From now on events go to the other file, which is empty."""
        self._active = 1 - self._active

    def settle(self) -> None:
        """The events of the file that isn't written to are in the database."""
        self._files[1 - self._active].clear()

    def close(self, *, is_settled: bool) -> None:
        """Give the files up; without all events in the database they stay for another process."""
        for file in self._files:
            file.close(is_settled=is_settled)


class Outbox:
    """One file of this process at a time, handed over to the process that writes events."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: _File | None = None
        self.count = 0
        """Events that aren't handed over yet."""
        self._left: dict[Path, int] = {}

    def write(self, event: Event) -> None:
        """Append an event; raises OSError when that isn't possible."""
        if self._file is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = _File(self._folder / f"{ids.new()}{_SUFFIX}")
        self._file.append(_encode(event) + b"\n")
        self.count += 1

    def hand_over(self, *, is_last: bool = False) -> None:
        """The events so far belong to whoever takes them over.

        While nobody does, they don't go into ever more files, except the last ones.
        """
        is_time = len(self._left) < FILES or self.count >= EVENTS or is_last
        if self._file is not None and is_time:
            self._left[self._file.path] = self.count
            self._file.close(is_settled=self.count == 0)
            self._file, self.count = None, 0

    def left(self) -> int:
        """How many events that were handed over aren't in the database yet."""
        self._left = {path: count for path, count in self._left.items() if path.exists()}
        return sum(self._left.values())


class _File:
    """A locked file in memory: lines, then zeros. It gets its name when it is locked.

    So nobody takes it for one that was left behind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._used = 0
        unnamed = path.with_suffix(".new")
        self._descriptor = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._map = self._mapped(ROOM)
        unnamed.rename(path)

    def append(self, line: bytes) -> None:
        end = self._used + len(line)
        if end > len(self._map):
            self._map = self._mapped(-(-end // ROOM) * ROOM)
        self._map[self._used : end] = line
        self._used = end

    def clear(self) -> None:
        if len(self._map) > ROOM:
            self._map = mmap.mmap(self._descriptor, ROOM)
            os.ftruncate(self._descriptor, ROOM)
        used = min(self._used, ROOM)
        self._map[:used] = bytes(used)
        self._used = 0

    def close(self, *, is_settled: bool) -> None:
        self._map.close()
        if is_settled:
            self.path.unlink(missing_ok=True)
        else:
            # Whoever takes it over has nothing to do with the room that was left.
            os.ftruncate(self._descriptor, self._used)
        os.close(self._descriptor)

    def _mapped(self, size: int) -> mmap.mmap:
        # A disk that is full says so here, not when a page is written back.
        os.posix_fallocate(self._descriptor, 0, size)
        return mmap.mmap(self._descriptor, size)


def left_behind(folder: Path) -> Iterator[tuple[list[Event], Path]]:
    """The events in files that nobody has any more; each file is locked meanwhile.

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
            # Whoever had it until now has written and removed it.
            if os.fstat(descriptor).st_nlink:
                yield _events(path), path
        finally:
            os.close(descriptor)


def _events(path: Path) -> list[Event]:
    found = []
    for part in path.read_bytes().split(b"\n"):
        if not (line := part.strip(b"\0")):
            continue
        try:
            found.append(_decode(line))
        except msgspec.MsgspecError:
            # The last line of a process that was killed while it wrote: its answer never left.
            log.warning("audit_line_torn", extra={"file": path.name})
    return found
