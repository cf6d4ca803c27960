"""At most one process writes what is handed over in a folder: it holds a lock while it lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NAME: Final = "writer.lock"


@contextmanager
def one_writer(folder: Path) -> Iterator[bool]:
    """Be the one; False when another process is. Raises OSError when the folder can't be made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / _NAME, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def has_writer(folder: Path) -> bool:
    """Whether there is one."""
    try:
        with one_writer(folder) as is_ours:
            return not is_ours
    except OSError:
        return False
