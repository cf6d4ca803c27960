"""Large requests are let in only while there is memory for them.

A body takes about ten times its size while it is worked on. What doesn't fit is told to come back
in a moment, which beats a process that is killed with everything that it was doing.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

from fhirserver.errors import Unavailable

SMALL_BYTES: Final = 64_000
_LOOK_SECONDS: Final = 0.5
_MEMINFO: Final = Path("/proc/meminfo")
_CGROUP: Final = Path("/sys/fs/cgroup")


class Memory:
    """The bytes of the bodies that this process works on, and what the machine has left."""

    def __init__(self, most_bytes: int, least_free_bytes: int) -> None:
        self._most = most_bytes
        self._least_free = least_free_bytes
        self._held = 0
        self._lock = threading.Lock()
        self._looked = 0.0
        self._is_short = False

    def hold(self, size: int, already: int = 0) -> None:
        """Let in a body of this size, or more of one of which `already` is held.

        Raises Unavailable when the others leave no room; a body that is alone always has room.
        """
        if not self._most:
            return
        with self._lock:
            if self._held > already and self._held + size > self._most:
                raise Unavailable(
                    "the server is busy with other large requests: send this one again in a "
                    "moment, and fewer of them at once",
                    headers={"Retry-After": "2"},
                )
            self._held += size

    def release(self, size: int) -> None:
        """The body is gone."""
        if self._most:
            with self._lock:
                self._held -= size

    def check(self) -> None:
        """Raise Unavailable while the machine has hardly any memory left."""
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._looked = now
            free = free_bytes() if self._least_free else None
            self._is_short = free is not None and free < self._least_free
        if self._is_short:
            raise Unavailable(
                "the server is short of memory: send this again in a moment, in smaller parts",
                headers={"Retry-After": "5"},
            )


def free_bytes(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """What may still be used, by the machine and by the container; None where nobody tells.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    """
    found = []
    try:
        lines = meminfo.read_text().splitlines()
        found += [int(li.split()[1]) * 1024 for li in lines if li.startswith("MemAvailable:")]
    except OSError:
        pass
    try:
        most = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        rows = (li.split() for li in (cgroup / "memory.stat").read_text().splitlines())
        # Cached files are given up when memory is wanted.
        cached = sum(int(row[1]) for row in rows if row[0] == "inactive_file")
        found.append(most - used + cached)
    except (OSError, ValueError):
        pass  # No container, or one without a limit ("max").
    return min(found, default=None)
