"""An instance that is coming: it is sealed into a file that nobody sees before it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final
from uuid import UUID

from fhirserver import clock, ids
from fhirserver.errors import Unavailable
from fhirserver.keys import aead
from fhirserver.objects import Files

FULL: Final = "the instance can't be stored: is the disk full?"
_MINUTE: Final = 60
# After so many bytes a large one is asked again whether there is room.
_ASK_BYTES: Final = 64_000_000
_RANDOM_BYTES: Final = 12


class Upload:
    """A file that is being written, by one thread at a time, in constant memory.

    It is the instance as a file (PS3.10). `dataset_begins` says that its head has been written:
    `sha256` is the digest of what comes then. Every file has a key of its own.
    """

    __slots__ = ("_ask", "_asked_at", "_digest", "dataset_at", "file", "id", "key")

    def __init__(self, files: Files, ask: Callable[[], None]) -> None:
        """Begin one. Raises Unavailable; `ask` raises it when there is no room."""
        ask()
        self._ask = ask
        self._asked_at = 0
        self.id = new_object()
        self.key = aead.new_key()
        self.dataset_at = 0
        self._digest = hashlib.sha256()
        try:
            self.file = files.begin(self.id, self.key)
        except OSError as error:
            raise Unavailable(FULL) from error

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Add some bytes. Raises Unavailable."""
        try:
            self.file.write(piece)
        except OSError as error:
            raise Unavailable(FULL) from error
        self._digest.update(piece)
        if self.file.size - self._asked_at > _ASK_BYTES:
            self._asked_at = self.file.size
            self._ask()

    def dataset_begins(self) -> None:
        """What is written from now on is the dataset."""
        self.dataset_at = self.file.size
        self._digest = hashlib.sha256()

    @property
    def size(self) -> int:
        """How many bytes have been written."""
        return self.file.size

    @property
    def sha256(self) -> bytes:
        """The digest of the dataset, as far as it has come."""
        return self._digest.digest()

    def close(self) -> None:
        """Nothing more comes; the disk or the store has all of it then. Raises Unavailable."""
        try:
            self.file.close()
        except OSError as error:
            raise Unavailable(FULL) from error

    def discard(self) -> None:
        """It isn't kept."""
        self.file.discard()


def new_object() -> UUID:
    """A name for a file: its minute, and chance. Files that come together lie together.

    They lie in a folder of their minute, in one of about 45 days.
    """
    minute = int(clock.now().timestamp()) // _MINUTE
    return UUID(bytes=minute.to_bytes(4, "big") + UUID(ids.new()).bytes[-_RANDOM_BYTES:])
