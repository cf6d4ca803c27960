"""Sealed files: written under a name that nothing reads, and there, whole and durable, or not.

    file = SealedFile.create(path, key, name)   # `path`.part
    file.write(piece)
    file.close()                                # on the disk
    file.rename()                               # `path`; durable after sync(path.parent)

What a crash leaves is a `.part`, or a file that nobody refers to: neither is ever read.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from fhirserver.keys import chunks
from fhirserver.keys.aead import NotAuthentic

PART: Final = ".part"


class SealedFile:
    """A file that is being written, by one thread at a time, in constant memory."""

    def __init__(self, path: Path, file: FileIO, sealing: chunks.Sealing) -> None:
        self.path = path
        self.size = 0
        self._file = file
        self._sealing = sealing
        self._is_named = False

    @classmethod
    def create(cls, path: Path, key: bytes, name: bytes) -> SealedFile:
        """Begin a file in a folder that exists. Raises OSError."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        number = os.open(f"{path}{PART}", flags, 0o600)
        return cls(path, FileIO(number, "wb"), chunks.Sealing(key, name))

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Seal some more. Raises OSError."""
        self.size += len(piece)
        for sealed in self._sealing.add(piece):
            self._put(sealed)

    def close(self) -> None:
        """Write the end, and wait until the disk has all of it. Raises OSError."""
        self._put(self._sealing.end())
        os.fsync(self._file.fileno())
        self._file.close()

    def rename(self) -> None:
        """Give the closed file its name, unless it has it. Raises OSError."""
        if not self._is_named:
            os.rename(f"{self.path}{PART}", self.path)  # noqa: PTH104 - a tenth of the time
            self._is_named = True

    def discard(self) -> None:
        """Take it away, whatever state it is in."""
        with contextlib.suppress(OSError):
            self._file.close()
        for path in (Path(f"{self.path}{PART}"), self.path):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _put(self, sealed: bytes) -> None:
        view = memoryview(sealed)
        while view:
            view = view[self._file.write(view) :]


def read(
    path: Path, key: bytes, name: bytes, size: int, start: int = 0, stop: int | None = None
) -> Iterator[bytes]:
    """The bytes of a file of `size` from `start` to before `stop`, in pieces.

    Raises NotAuthentic when it isn't what was written, OSError when it can't be read.
    """
    with path.open("rb", buffering=0) as file:
        number = file.fileno()
        sealed = os.fstat(number).st_size
        if sealed != chunks.sealed_size(size):
            raise NotAuthentic("the file is cut")
        held = chunks.SealedObject(
            key, name, lambda at, length: os.pread(number, length, at), sealed
        )
        yield from held.read(start, stop)


def make_folder(folder: Path, root: Path) -> None:
    """Make a folder below or at `root`, so that it is there after a crash, too."""
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for parent in folder.parents:
        sync(parent)
        if parent == root.parent:
            break


def sync(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
