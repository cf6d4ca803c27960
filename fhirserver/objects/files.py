"""What the record of instances and the binary objects ask of the place where their files lie."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


class Writing(Protocol):
    """A file that is being written, by one thread at a time, in constant memory.

    Nobody sees anything of it before it is closed and settled. OSError or Unavailable when it
    can't be written.
    """

    @property
    def size(self) -> int:
        """How many bytes have been written."""

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Seal some more."""

    def close(self) -> None:
        """Nothing more comes; whoever keeps it has all of it when this returns."""

    def discard(self) -> None:
        """Take it away, whatever state it is in."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A file that was found under `name`, which should be that of its id.

    `changed` is when, in seconds since 1970; a part was never closed.
    """

    id: UUID
    name: str
    changed: float
    is_part: bool = False


class Files(Protocol):
    """Sealed files by their ids. What is raised: OSError by a disk, Unavailable by a store."""

    def begin(self, id_: UUID, key: bytes) -> Writing:
        """A new file under an id that nothing has had."""

    def settle(self, written: Collection[Writing]) -> None:
        """Make closed files be there, also after a crash."""

    def read(
        self, id_: UUID, key: bytes, size: int, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of a file of `size` from `start` to before `stop`, in pieces.

        Raises NotAuthentic when it isn't what was written, FileNotFoundError when it isn't there.
        """

    def is_there(self, id_: UUID) -> bool:
        """Whether there is such a file."""

    def remove(self, ids: Collection[UUID]) -> None:
        """Take files away, those that there are."""

    def remove_found(self, found: Collection[Lying]) -> None:
        """The same for what `folders` has found."""

    def folders(self) -> Iterator[tuple[str, list[Lying]]]:
        """All files, by the folders that they lie in, in the order of their ids."""

    def tidy(self, folder: str, before: float) -> None:
        """Take a folder away that is empty and hasn't changed since."""

    def folder_of(self, id_: UUID) -> str:
        """In which of the `folders` a file lies."""

    def free_bytes(self) -> int | None:
        """How much room there is; None where that isn't known."""
