"""Keeping what has come: files get their names, then one transaction makes all of them be there."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from fhirserver.errors import Unavailable
from fhirserver.instances.describing import all_keys, instance, person, series, study
from fhirserver.instances.facts import Arrival, Kept
from fhirserver.instances.upload import FULL
from fhirserver.keys import aead
from fhirserver.keys.keyring import KeyDestroyed, Keyring
from fhirserver.objects import Files
from fhirserver.storage import dicom_keeping as rows
from fhirserver.storage.database import Connection, Database, DatabaseError, Stale

log = logging.getLogger(__name__)

PURPOSE: Final = "dicom"
_ATTEMPTS: Final = 4
_MOST_READ: Final = 16_000_000
"""Bytes of a file that is read again when its instance comes again: others wait meanwhile."""
_MOST_REMEMBERED: Final = 10_000


class Keeping:
    """Keeps lists of arrivals. One thread at a time."""

    def __init__(self, database: Database, keyring: Keyring, files: Files) -> None:
        self._database = database
        self._keyring = keyring
        self._files = files
        self._keys: dict[str, UUID] = {}

    def keep_apart(self, arrivals: Sequence[Arrival]) -> dict[UUID, Kept]:
        """Keep those that are new to series that are there, each for itself, in one statement.

        What isn't in the answer, by object, isn't kept by this.
        """
        self._name(arrivals)
        try:
            self._learn({a.facts.study for a in arrivals})
            made = [self._row(a) for a in arrivals if a.facts.study in self._keys]
            numbers = rows.add(self._database, made) if made else {}
        except (Stale, DatabaseError, KeyDestroyed):
            # Nothing has happened; `keep` finds out what it is.
            return {}
        return {object_: Kept(number, "new") for object_, number in numbers.items()}

    def keep(self, arrivals: Sequence[Arrival]) -> list[Kept]:
        """All of them, or, when this raises, none; then their files are as they were."""
        self._name(arrivals)
        kept, dropped = self._committed(arrivals)
        for arrival in dropped:
            arrival.upload.discard()
        return kept

    def _name(self, arrivals: Sequence[Arrival]) -> None:
        try:
            self._files.settle([arrival.upload.file for arrival in arrivals])
        except OSError as error:
            raise Unavailable(FULL) from error

    def _committed(self, arrivals: Sequence[Arrival]) -> tuple[list[Kept], list[Arrival]]:
        for left in reversed(range(_ATTEMPTS)):
            try:
                self._learn({a.facts.study for a in arrivals})
                with self._database.transaction() as connection:
                    attempt = _Transaction(connection, self._keyring, self._files, self._keys)
                    return attempt.keep(arrivals)
            except (Stale, KeyDestroyed):
                # Somebody else locked the same rows the other way round, or erased a study.
                self._keys.clear()
                if not left:
                    raise Unavailable("the studies change too often: try again") from None
        raise AssertionError

    def _row(self, arrival: Arrival) -> rows.NewInstance:
        return sealed_row(self._keyring, arrival, self._keys[arrival.facts.study])

    def _learn(self, studies: set[str]) -> None:
        """Know the keys of the studies that there are."""
        unknown = studies - self._keys.keys()
        if not unknown:
            return
        if len(self._keys) > _MOST_REMEMBERED:
            self._keys.clear()
        self._keys.update(rows.keys_of(self._database, studies - self._keys.keys()))


class _Transaction:
    """One attempt. `keys` are those of the studies that were there lately."""

    def __init__(
        self, connection: Connection, keyring: Keyring, files: Files, keys: dict[str, UUID]
    ) -> None:
        self._connection = connection
        self._keyring = keyring
        self._files = files
        self._keys = keys

    def keep(self, arrivals: Sequence[Arrival]) -> tuple[list[Kept], list[Arrival]]:
        """What became of them, and which of their files aren't needed."""
        numbers = self._add([a for a in arrivals if a.facts.study in self._keys])
        left = [a for a in arrivals if a.upload.id not in numbers]
        known = rows.known(self._connection, [a.facts.instance for a in left]) if left else {}
        new = [a for a in left if a.facts.instance not in known]
        if new:
            numbers |= self._add_all(new)
            left = [a for a in left if a.upload.id not in numbers]
            known = rows.known(self._connection, [a.facts.instance for a in left]) if left else {}
        kept: list[Kept] = []
        dropped: list[Arrival] = []
        for arrival in arrivals:
            number = numbers.get(arrival.upload.id)
            if number is not None:
                kept.append(Kept(number, "new"))
                continue
            there = known.get(arrival.facts.instance)
            if there is None:
                # It was there a moment ago, or its study was: somebody is deleting.
                raise Stale
            if there.digest == arrival.upload.sha256:
                kept.append(Kept(there.number, "same"))
                if not self._mended(arrival, there):
                    dropped.append(arrival)
            else:
                kept.append(Kept(there.number, "conflict"))
                if not self._add_conflict(arrival, there):
                    dropped.append(arrival)
        return kept, dropped

    def _add(self, arrivals: Sequence[Arrival]) -> dict[UUID, int]:
        if not arrivals:
            return {}
        made = [sealed_row(self._keyring, a, self._keys[a.facts.study]) for a in arrivals]
        return rows.add(self._connection, made)

    def _add_all(self, arrivals: Sequence[Arrival]) -> dict[UUID, int]:
        """Those too whose study or series isn't there."""
        studies = {a.facts.study: a.facts for a in arrivals}
        keys = rows.lock_studies(self._connection, studies)
        made: list[int] = []
        if absent := studies.keys() - keys.keys():
            described = [
                study(studies[uid], self._keyring.new(PURPOSE)[0], person(studies[uid].keys))
                for uid in absent
            ]
            made = rows.add_studies(self._connection, described)
            keys |= rows.lock_studies(self._connection, absent)
        self._keys.update(keys)
        together = {(a.facts.study, a.facts.series): a.facts for a in arrivals}
        made_series = rows.add_series(self._connection, [series(f) for f in together.values()])
        numbers = self._add(arrivals)
        if made or made_series:
            rows.count_made(self._connection, made, made_series)
        return numbers

    def _mended(self, arrival: Arrival, there: rows.Known) -> bool:
        """Whether the file that was there is lost or damaged, and the arrival's takes its place.

        Whoever is told that a file is damaged sends it again: that mustn't be thrown away.
        """
        if self._is_whole(there):
            return False
        log.warning("dicom_file_mended", extra={"object": str(there.object)})
        row = sealed_row(self._keyring, arrival, there.data_key)
        return rows.mend(self._connection, there, row)

    def _is_whole(self, there: rows.Known) -> bool:
        """Whether a file is what came before: all of it is read, unless it is very large."""
        digest = hashlib.sha256()
        try:
            key = aead.unseal(self._keyring.key(there.data_key), there.key, place_of(there.object))
            # Of a very large one only the length and the seal of the end.
            begin = there.dataset_at if there.size <= _MOST_READ else there.size
            for piece in self._files.read(there.object, key, there.size, begin):
                digest.update(piece)
        except (OSError, aead.NotAuthentic):
            return False
        return there.size > _MOST_READ or digest.digest() == there.digest

    def _add_conflict(self, arrival: Arrival, there: rows.Known) -> bool:
        log.warning("dicom_conflict", extra={"instance": arrival.facts.instance})
        row = sealed_row(self._keyring, arrival, there.data_key)
        return rows.add_conflict(self._connection, there.study, row, all_keys(arrival.facts.keys))


def sealed_row(keyring: Keyring, arrival: Arrival, data_key: UUID) -> rows.NewInstance:
    """The row of an arrival, with the key of its file sealed."""
    upload = arrival.upload
    sealed = aead.seal(keyring.key(data_key), upload.key, place_of(upload.id))
    return instance(arrival, data_key, sealed)


def place_of(object_: UUID) -> bytes:
    """What the sealed key of a file is bound to."""
    return b"dicom " + object_.bytes
