"""Binary objects: encrypted files of any size, for gateways and for what is too large for a row.

    blob = blobs.put(stream)              # an iterable of bytes; blob.id, blob.size, blob.sha256
    for piece in blobs.read(blob.id, start=100, stop=200): ...
    blobs.delete(blob.id)

Every object has a key of its own. It lies in `DATA_DIR/blobs` under a name that the server makes,
never one that came from outside. An object is there when `put` returns, on the disk and in the
database, and not before: what a crash leaves behind is an unreadable file, which `sweep` removes.
Nothing ever holds more of it in memory than a chunk.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from fhirserver.errors import Damaged, KeyUnavailable, NotFound, Unavailable
from fhirserver.keys import aead
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.keys.sealed_files import PART, SealedFile, make_folder, read, sync
from fhirserver.storage import blobs as rows
from fhirserver.storage.database import Connection, Database

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
    """The objects of one server. All servers on one database share the folder."""

    def __init__(self, database: Database, keyring: Keyring, folder: Path) -> None:
        self._database = database
        self._keyring = keyring
        self._folder = folder

    def put(
        self, source: Iterable[bytes], *, owner: int | None = None, then: Then | None = None
    ) -> Blob:
        """Store what the source gives.

        `owner` is the digest of the patient's address whose it is: it goes when the patient is
        erased. `then` is called in the database transaction that makes the object be there, so
        that it never is without who refers to it.
        """
        id_, key = self._keyring.new(PURPOSE, owner)
        path = self._path(id_)
        counted = _Counted(source)
        try:
            self._write(path, key, id_, counted)
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
            self._give_up(id_, path)
            raise
        return made

    def _write(self, path: Path, key: bytes, id_: UUID, source: Iterable[bytes]) -> None:
        make_folder(path.parent, self._folder)
        file = SealedFile.create(path, key, id_.bytes)
        try:
            for piece in source:
                file.write(piece)
            file.close()
            file.rename()
            sync(path.parent)
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
        self._path(id_).unlink(missing_ok=True)
        return was_there

    def sweep(self) -> int:
        """Remove what crashes have left, and what was erased; how many files there were."""
        count = sum(self.delete(id_) for id_ in rows.erased(self._database))
        for folder in sorted(self._folder.glob("??/??")):
            strays = [
                p for p in folder.iterdir() if p.stat().st_mtime < time.time() - STALE_SECONDS
            ]
            ids = {p: found for p in strays if (found := _id_of(p)) is not None}
            known = rows.known(self._database, list(set(ids.values())))
            gone = [p for p in ids if p.suffix == PART or ids[p] not in known]
            rows.destroy_strays(self._database, [ids[p] for p in gone])
            for path in gone:
                path.unlink(missing_ok=True)
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
            yield from read(self._path(row.id), key, row.id.bytes, row.size, start, stop)
        except (aead.NotAuthentic, OSError) as error:
            raise Damaged from error

    def _give_up(self, id_: UUID, path: Path | None = None) -> None:
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        with contextlib.suppress(Unavailable, KeyUnavailable):
            rows.destroy_strays(self._database, [id_])

    def _path(self, id_: UUID) -> Path:
        name = id_.hex
        return self._folder / name[:2] / name[2:4] / name


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


def _id_of(path: Path) -> UUID | None:
    try:
        return UUID(path.stem)
    except ValueError:
        return None
