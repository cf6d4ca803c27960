"""The record of instances: what the DICOM gateway asks of the server's storage."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Final, Literal

from fhirserver.errors import Damaged, Unavailable
from fhirserver.instances.committing import Committer
from fhirserver.instances.facts import Arrival, Kept
from fhirserver.instances.keeping import Keeping, place_of
from fhirserver.instances.promoted import of_instance
from fhirserver.instances.room import Room
from fhirserver.instances.sweeping import Swept, sweep
from fhirserver.instances.upload import Upload
from fhirserver.keys import aead
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.objects import Files
from fhirserver.storage import dicom_commitments as commitments
from fhirserver.storage import dicom_conflicts as conflicts
from fhirserver.storage import dicom_metadata as models
from fhirserver.storage import dicom_removing as removing
from fhirserver.storage import dicom_rows as rows
from fhirserver.storage import dicom_standing as standing
from fhirserver.storage import dicom_wanted as searches
from fhirserver.storage.database import Database
from fhirserver.storage.dicom_commitments import Commitment
from fhirserver.storage.dicom_conflicts import ConflictRow
from fhirserver.storage.dicom_removing import Removed
from fhirserver.storage.dicom_rows import InstanceRow, SeriesRow, StudyRow
from fhirserver.storage.dicom_standing import Changed, SenderStanding, Totals
from fhirserver.storage.dicom_wanted import Wanted

log = logging.getLogger(__name__)

_AT_ONCE: Final = 500

Condition = Literal["whole", "damaged", "missing"]
Make = Callable[[InstanceRow], bytes]
"""Makes the DICOM JSON model of an instance."""


class Instances:
    """The instances of one server. All servers on one database share the files.

    `free_bytes` of the disk stay free; `quota_bytes` is what all files may have, 0 is no limit.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        files: Files,
        *,
        free_bytes: int = 0,
        quota_bytes: int = 0,
    ) -> None:
        self.database = database
        self.files = files
        self._keyring = keyring
        self._room = Room(database, files, free_bytes=free_bytes, quota_bytes=quota_bytes)
        self._committer = Committer(Keeping(database, keyring, files))

    def begin(self) -> Upload:
        """A file for an instance that is coming. Raises Unavailable when there is no room."""
        return Upload(self.files, self._room.ask)

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

    def studies(self, wanted: Wanted) -> list[StudyRow]:
        """Studies, the newest first."""
        return searches.studies(self.database, wanted)

    def series(self, wanted: Wanted) -> list[SeriesRow]:
        """Series, those of the newest study first, then by their numbers."""
        return searches.series(self.database, wanted)

    def instances(self, wanted: Wanted) -> list[InstanceRow]:
        """Instances, those of the newest study first, then by their numbers in series."""
        return searches.instances(self.database, wanted)

    def all_instances(self) -> Iterator[InstanceRow]:
        """Every instance, in the order in which they came."""
        last = 0
        while some := rows.after(self.database, last, limit=_AT_ONCE):
            yield from some
            last = some[-1].number

    def unchanged_since(self, before: datetime, limit: int = 100) -> list[StudyRow]:
        """Studies of which nothing has come or gone since then, the oldest first."""
        return rows.unchanged_since(self.database, before, limit=limit)

    def read(
        self, instance: InstanceRow | ConflictRow, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of the stored file from `start` to before `stop`. Raises Damaged.

        Unavailable when the store that has it can't be reached.
        """
        try:
            key = aead.unseal(
                self._keyring.key(instance.data_key), instance.key, place_of(instance.object)
            )
            yield from self.files.read(instance.object, key, instance.size, start, stop)
        except (aead.NotAuthentic, KeyDestroyed, OSError) as error:
            raise Damaged from error

    def check(self, instance: InstanceRow | ConflictRow) -> Condition:
        """Whether the file is what was received: all of it is read, and hashed again.

        Raises Unavailable when the store that has it can't be reached: then nobody knows.
        """
        if not self.files.is_there(instance.object):
            return "missing"
        digest = hashlib.sha256()
        try:
            for piece in self.read(instance, instance.dataset_at):
                digest.update(piece)
        except Damaged:
            return "damaged"
        return "whole" if digest.digest() == instance.digest else "damaged"

    def metadata(
        self, study: str, series: str | None = None, instance: str | None = None, *, make: Make
    ) -> Iterator[bytes]:
        """The DICOM JSON models of the instances of a study, a series, or of one, by their numbers.

        What nobody has made is made by `make`, and kept.
        """
        for some in models.texts(self.database, study, series, instance):
            missing = self.instances_named([uid for uid, text in some if text is None])
            made = {uid: make(found) for uid, found in missing.items()}
            self.fill({uid: (missing[uid], text) for uid, text in made.items()})
            for uid, text in some:
                if text is not None or uid in made:
                    yield made[uid] if text is None else text

    def fill(self, made: Mapping[str, tuple[InstanceRow, bytes]]) -> int:
        """Keep models that were made of instances, by UID; how many were missing."""
        texts = {uid: (found.digest, text) for uid, (found, text) in made.items()}
        return models.fill(self.database, texts)

    def without_metadata(self, limit: int = 100) -> list[InstanceRow]:
        """Instances whose model nobody has made, the oldest first."""
        return models.without(self.database, limit=limit)

    def changed(self, study: str) -> Changed | None:
        """What is to be dealt with of a study; None when nothing is."""
        return standing.changed(self.database, study)

    def quiet(self, seconds: float, limit: int = 100) -> list[Changed]:
        """Studies with changes of which the last is so long ago, the longest first.

        A study that changes gets an item into the queue TOPIC when none of its changes was open:
        `{"study": uid}` in the lane of its UID.
        """
        return standing.quiet(self.database, seconds, limit=limit)

    def settle(self, study: str, changes: int) -> bool:
        """So many changes of a study are dealt with; False when more have come meanwhile."""
        return standing.settle(self.database, study, changes)

    def assign(
        self,
        study: str,
        *,
        imaging_study: str | None = None,
        patient: str | None = None,
        encounter: str | None = None,
    ) -> bool:
        """Which FHIR resources (ids) a study belongs to; None stays. False when there is none."""
        return standing.assign(
            self.database, study, imaging_study=imaging_study, patient=patient, encounter=encounter
        )

    def release(self, study: str) -> bool:
        """A study is no patient's any more: it waits to be assigned. False when there is none."""
        return standing.release(self.database, study)

    def move(self, patient: str, to: str) -> list[str]:
        """All studies of one patient are another's from now on: their UIDs."""
        return standing.reassign(self.database, patient, to)

    def delete(
        self,
        study: str,
        series: str | None = None,
        instance: str | None = None,
        *,
        with_promised: bool = False,
    ) -> Removed | None:
        """Remove a study, or a series or an instance of it, for good; None when there is none.

        Raises Promised where a sender was told that something of it is kept, unless that is to go,
        too.
        """
        removed = removing.remove(
            self.database, study, series, instance, with_promised=with_promised
        )
        try:
            self.files.remove(removed.objects if removed else ())
        except Unavailable:
            # Nobody can read them any more; the sweep takes them away.
            log.warning("dicom_files_left", extra={"study": study})
        return removed

    def senders(self) -> list[SenderStanding]:
        """Who sent the newest instances, how many within an hour, and the last when."""
        return standing.senders(self.database)

    def conflicts(
        self,
        study: str | None = None,
        *,
        only_open: bool = True,
        after: int = 0,
        limit: int = 100,
    ) -> list[ConflictRow]:
        """Conflicts, of one study or of all, the oldest first.

        Those that nobody has decided about, unless the others are wanted, too.
        """
        return conflicts.listed(
            self.database, study=study, only_open=only_open, after=after, limit=limit
        )

    def conflict(self, number: int) -> ConflictRow | None:
        """A conflict by its number; `read` and `check` take it as they take an instance."""
        return conflicts.find(self.database, number)

    def decide(self, conflict: ConflictRow, shown: Literal["first", "other"]) -> bool:
        """Which dataset of a conflict is shown from now on; both stay.

        False when somebody has decided, or the other one claims another study or series.
        """
        if shown == "first":
            return conflicts.keep_first(self.database, conflict.number)
        return conflicts.show_other(self.database, conflict, of_instance(conflict.keys))

    def add_commitment(self, uid: str, sender: str, caller: str, content: Mapping[str, Any]) -> int:
        """Keep a question of storage commitment, by its Transaction UID; its number."""
        return commitments.add(self.database, uid, sender, caller, content)

    def commitments_due(self, limit: int = 10, lease_seconds: float = 120.0) -> list[Commitment]:
        """Questions to answer now; nobody else gets them for so long."""
        return commitments.due(self.database, limit=limit, lease_seconds=lease_seconds)

    def promise(self, uids: Sequence[str]) -> set[str]:
        """Say that instances are kept from now on; those of them that are there."""
        return commitments.promise(self.database, uids)

    def put_off_commitment(self, number: int, seconds: float) -> None:
        """A question couldn't be answered: try again after so long."""
        commitments.put_off(self.database, number, seconds)

    def end_commitment(self, number: int, *, is_reported: bool = True) -> bool:
        """A question was answered, or nobody tries any more; False when it had ended before."""
        return commitments.done(self.database, number, is_reported=is_reported)

    def forget_commitments(self, before: datetime) -> int:
        """Remove questions that were answered or given up before; how many."""
        return commitments.forget(self.database, before)

    def totals(self) -> Totals:
        """How much there is, and what is open."""
        return standing.totals(self.database)

    def sweep(self) -> Swept:
        """Remove files that nobody will ever read, and look whether all others are there."""
        return sweep(self.database, self.files)
