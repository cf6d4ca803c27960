"""One user of a data directory at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from fhirserver.embedded.failures import CannotStart, reason


@contextlib.contextmanager
def exclusive(data_dir: Path, what: str) -> Iterator[None]:
    """Hold the lock of the data directory; the system frees it however we end.

    `what` tells others who holds it. Raises CannotStart when somebody else does.
    """
    path = data_dir / "fhirserver.lock"
    try:
        file = path.open("a+")
    except OSError as error:
        raise CannotStart(f"can't open {path}: {reason(error)}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"{_holder(path)} already uses the data directory {data_dir}: "
                "stop it, or choose another with --data-dir"
            ) from error
        file.truncate(0)
        file.write(f"`{what}` (process {os.getpid()})")
        file.flush()
        yield


def _holder(path: Path) -> str:
    return path.read_text().strip() or "another process"
