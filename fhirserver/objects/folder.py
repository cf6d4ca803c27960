"""Sealed files in a folder of this machine, or one that all machines share.

A file that is new is `ID.part`; it is there when it has its name and its folder was synced.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from fhirserver.keys import sealed_files
from fhirserver.keys.sealed_files import PART, SealedFile, make_folder, sync
from fhirserver.objects.files import Lying, Writing


class Folder:
    """Files below `root`, in folders of two levels: each so many digits of the id."""

    def __init__(self, root: Path, digits: int) -> None:
        self.root = root
        self._digits = digits

    def path(self, id_: UUID) -> Path:
        """Where a file lies."""
        name, n = id_.hex, self._digits
        return Path(f"{self.root}{os.sep}{name[:n]}{os.sep}{name[n : 2 * n]}{os.sep}{name}")

    def begin(self, id_: UUID, key: bytes) -> Writing:
        """A new file. Raises OSError."""
        path = self.path(id_)
        try:
            return SealedFile.create(path, key, id_.bytes)
        except FileNotFoundError:
            make_folder(path.parent, self.root)
            return SealedFile.create(path, key, id_.bytes)

    def settle(self, written: Collection[Writing]) -> None:
        """Give closed files their names, and sync each folder once. Raises OSError."""
        folders: set[Path] = set()
        for file in written:
            assert isinstance(file, SealedFile)
            file.rename()
            folders.add(file.path.parent)
        for folder in folders:
            sync(folder)

    def read(
        self, id_: UUID, key: bytes, size: int, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """A file's bytes. Raises NotAuthentic, OSError."""
        return sealed_files.read(self.path(id_), key, id_.bytes, size, start, stop)

    def is_there(self, id_: UUID) -> bool:
        """Whether there is such a file."""
        return self.path(id_).exists()

    def remove(self, ids: Collection[UUID]) -> None:
        """Take files away. Raises OSError."""
        for id_ in ids:
            self.path(id_).unlink(missing_ok=True)

    def remove_found(self, found: Collection[Lying]) -> None:
        """The same with those that were never closed. Raises OSError."""
        for file in found:
            (self.root / file.name).unlink(missing_ok=True)

    def folders(self) -> Iterator[tuple[str, list[Lying]]]:
        """All files; what has another name isn't ours."""
        some = "?" * self._digits
        for folder in sorted(self.root.glob(f"{some}/{some}")):
            yield folder.relative_to(self.root).as_posix(), list(self._lying(folder))

    def tidy(self, folder: str, before: float) -> None:
        """Take an old empty folder away, and the one that it lies in when it is the last."""
        path = self.root / folder
        with suppress(OSError):
            if path.stat().st_mtime < before:
                path.rmdir()
                path.parent.rmdir()

    def folder_of(self, id_: UUID) -> str:
        """Two levels, with a slash between them."""
        name, n = id_.hex, self._digits
        return f"{name[:n]}/{name[n : 2 * n]}"

    def free_bytes(self) -> int | None:
        """What the disk has for us."""
        folder = self.root
        while not folder.exists():
            folder = folder.parent
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize

    def _lying(self, folder: Path) -> Iterator[Lying]:
        for path in folder.iterdir():
            with suppress(ValueError, OSError):
                name = path.relative_to(self.root).as_posix()
                is_part = path.suffix == PART
                yield Lying(UUID(path.stem), name, path.stat().st_mtime, is_part)
