"""The record of instances: what the DICOM gateway asks of the server's storage."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal

from fhirserver.errors import Damaged
from fhirserver.instances.committing import Committer
from fhirserver.instances.facts import Arrival, Kept
from fhirserver.instances.keeping import Keeping, place_of
from fhirserver.instances.room import Room
from fhirserver.instances.upload import Upload, path_of
from fhirserver.keys import aead, sealed_files
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.storage import dicom_rows as rows
from fhirserver.storage.database import Database
from fhirserver.storage.dicom_rows import InstanceRow, StudyRow

Condition = Literal["whole", "damaged", "missing"]


class Instances:
    """The instances of one server. All servers on one database share the folder.

    `free_bytes` of the disk stay free; `quota_bytes` is what all files may have, 0 is no limit.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        folder: Path,
        *,
        free_bytes: int = 0,
        quota_bytes: int = 0,
    ) -> None:
        self.database = database
        self.folder = folder
        self._keyring = keyring
        self._room = Room(database, folder, free_bytes=free_bytes, quota_bytes=quota_bytes)
        self._committer = Committer(Keeping(database, keyring))

    def begin(self) -> Upload:
        """A file for an instance that is coming. Raises Unavailable when there is no room."""
        self._room.ask()
        return Upload(self.folder)

    def keep(self, arrivals: Sequence[Arrival]) -> list[Kept]:
        """Keep instances whose uploads are closed, all in one transaction; it has ended then.

        What other threads bring at the same time shares it. Raises Unavailable when they can't be
        kept, and then none is visible.
        """
        return self.begin_to_keep(arrivals).result()

    def begin_to_keep(self, arrivals: Sequence[Arrival]) -> Future[list[Kept]]:
        """The same for who doesn't want to wait yet: the result is there when they are kept."""
        self._room.add(sum(a.upload.size for a in arrivals))
        return self._committer.begin(list(arrivals))

    def study(self, uid: str) -> StudyRow | None:
        """A study by its UID."""
        return rows.study(self.database, uid)

    def instance(self, uid: str) -> InstanceRow | None:
        """An instance by its UID."""
        return next(iter(rows.instances(self.database, [uid])), None)

    def instances_named(self, uids: Collection[str]) -> dict[str, InstanceRow]:
        """Instances by their UIDs, those that there are."""
        return {found.uid: found for found in rows.instances(self.database, uids)}

    def read(
        self, instance: InstanceRow, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of the stored file from `start` to before `stop`. Raises Damaged."""
        try:
            key = aead.unseal(
                self._keyring.key(instance.data_key), instance.key, place_of(instance.object)
            )
            yield from sealed_files.read(
                path_of(self.folder, instance.object), key, instance.object.bytes, instance.size,
                start, stop,
            )  # fmt: skip
        except (aead.NotAuthentic, KeyDestroyed, OSError) as error:
            raise Damaged from error

    def check(self, instance: InstanceRow) -> Condition:
        """Whether the file is what was received: it is read from the disk, and hashed again."""
        if not path_of(self.folder, instance.object).exists():
            return "missing"
        digest = hashlib.sha256()
        try:
            for piece in self.read(instance, instance.dataset_at):
                digest.update(piece)
        except Damaged:
            return "damaged"
        return "whole" if digest.digest() == instance.digest else "damaged"
