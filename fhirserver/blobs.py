"""Binary objects: encrypted files of any size, for gateways and for what is too large for a row.

    blob = blobs.put(stream)              # an iterable of bytes; blob.id, blob.size, blob.sha256
    for piece in blobs.read(blob.id, start=100, stop=200): ...
    blobs.delete(blob.id)

Every object has a key of its own. It lies in `DATA_DIR/blobs`, or in a bucket, under a name that
the server makes, never one that came from outside. An object is there when `put` returns, as a file
and in the database, and not before: what a crash leaves behind is an unreadable file, which `sweep`
removes.
Nothing ever holds more of it in memory than a chunk.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fhirserver.errors import Damaged, KeyUnavailable, NotFound, Unavailable
from fhirserver.keys import aead
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.objects import Files
from fhirserver.storage import blobs as rows
from fhirserver.storage.database import Connection, Database

log = logging.getLogger(__name__)

PURPOSE: Final = "blob"
# An upload that hasn't grown for so long was given up.
STALE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored object; `sha256` is the digest of what was put in."""

    id: UUID
    size: int
    sha256: bytes


Then = Callable[[Connection, Blob], None]


class Blobs:
    """The objects of one server. All servers on one database share the files."""

    def __init__(self, database: Database, keyring: Keyring, files: Files) -> None:
        self._database = database
        self._keyring = keyring
        self._files = files

    def put(
        self, source: Iterable[bytes], *, owner: int | None = None, then: Then | None = None
    ) -> Blob:
        """Store what the source gives.

        `owner` is the digest of the patient's address whose it is: it goes when the patient is
        erased. `then` is called in the database transaction that makes the object be there, so
        that it never is without who refers to it.
        """
        id_, key = self._keyring.new(PURPOSE, owner)
        counted = _Counted(source)
        try:
            self._write(key, id_, counted)
        except OSError as error:
            self._give_up(id_)
            raise Unavailable("the object can't be stored: is the disk full?") from error
        except BaseException:
            self._give_up(id_)
            raise
        digest = counted.digest.digest()
        made = Blob(id_, counted.size, digest)
        row = rows.BlobRow(id_, counted.size, aead.seal(key, digest, _place(id_)))
        if then is None:
            rows.add(self._database, row)
            return made
        try:
            with self._database.transaction() as connection:
                rows.add(connection, row)
                then(connection, made)
        except Unavailable:
            # Nobody knows whether it was committed: `sweep` will tell.
            raise
        except BaseException:
            self._give_up(id_, is_written=True)
            raise
        return made

    def _write(self, key: bytes, id_: UUID, source: Iterable[bytes]) -> None:
        file = self._files.begin(id_, key)
        try:
            for piece in source:
                file.write(piece)
            file.close()
            self._files.settle([file])
        except BaseException:
            file.discard()
            raise

    def about(self, id_: UUID) -> Blob:
        """An object without its bytes. Raises NotFound."""
        row, key = self._known(id_)
        try:
            return Blob(id_, row.size, aead.unseal(key, row.digest, _place(id_)))
        except aead.NotAuthentic as error:
            raise Damaged from error

    def read(self, id_: UUID, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces. Raises NotFound, Damaged."""
        row, key = self._known(id_)
        return self._pieces(row, key, start, stop)

    def delete(self, id_: UUID) -> bool:
        """Remove an object and destroy its key; whether there was one."""
        was_there = rows.remove(self._database, id_)
        try:
            self._files.remove([id_])
        except Unavailable:
            # Nobody can read it any more; `sweep` takes it away.
            log.warning("object_left", extra={"object": str(id_)})
        return was_there

    def sweep(self) -> int:
        """Remove what crashes have left, and what was erased; how many files there were."""
        count = sum(self.delete(id_) for id_ in rows.erased(self._database))
        for _, found in self._files.folders():
            strays = [file for file in found if file.changed < time.time() - STALE_SECONDS]
            known = rows.known(self._database, list({file.id for file in strays}))
            gone = [file for file in strays if file.is_part or file.id not in known]
            rows.destroy_strays(self._database, [file.id for file in gone])
            self._files.remove_found(gone)
            count += len(gone)
        rows.destroy_unused(self._database, PURPOSE)
        return count

    def _known(self, id_: UUID) -> tuple[rows.BlobRow, bytes]:
        row = rows.find(self._database, id_)
        if row is None:
            raise NotFound("there is no such object")
        try:
            return row, self._keyring.key(id_)
        except KeyDestroyed as error:
            raise NotFound("the object was erased") from error

    def _pieces(
        self, row: rows.BlobRow, key: bytes, start: int, stop: int | None
    ) -> Iterator[bytes]:
        try:
            yield from self._files.read(row.id, key, row.size, start, stop)
        except (aead.NotAuthentic, OSError) as error:
            raise Damaged from error

    def _give_up(self, id_: UUID, *, is_written: bool = False) -> None:
        if is_written:
            with contextlib.suppress(OSError, Unavailable):
                self._files.remove([id_])
        with contextlib.suppress(Unavailable, KeyUnavailable):
            rows.destroy_strays(self._database, [id_])


class _Counted:
    """A source, its length and its digest, as far as it was taken."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self._source = source
        self.size = 0
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._source:
            self.size += len(piece)
            self.digest.update(piece)
            yield piece


def _place(id_: UUID) -> bytes:
    return b"digest " + id_.bytes
