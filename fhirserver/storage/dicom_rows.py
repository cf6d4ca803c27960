"""DICOM studies, series and instances as they are in the record, to read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fhirserver.model import json
from fhirserver.storage.database import Database
from fhirserver.storage.versions import array

Keys = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study. `keys` are the attributes of patient and study, as DICOM JSON has them.

    `imaging_study`, `patient` and `encounter` are ids of FHIR resources. `is_mixed`: not all its
    instances say that they are of the same person.
    """

    number: int
    uid: str
    keys: Keys
    series: int
    instances: int
    size: int
    modalities: tuple[str, ...]
    sop_classes: tuple[str, ...]
    imaging_study: str | None
    patient: str | None
    encounter: str | None
    is_mixed: bool
    received: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series. `keys` are its own attributes only."""

    number: int
    study: StudyRow
    uid: str
    keys: Keys
    modality: str
    instances: int
    size: int
    received: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance. `keys` are its own attributes only; `digest` is the SHA-256 of its dataset.

    Its file has `size` bytes, and its dataset begins at `dataset_at`. `object` names the file,
    `key` is the file's key, sealed with that of the study, `data_key`.
    """

    number: int
    series: SeriesRow
    uid: str
    keys: Keys
    sop_class: str
    transfer_syntax: str
    size: int
    dataset_at: int
    digest: bytes
    received: datetime
    sender: str
    source: str
    caller: str
    object: UUID
    key: bytes
    data_key: UUID
    has_metadata: bool

    @property
    def study(self) -> StudyRow:
        """The study that it belongs to."""
        return self.series.study


STUDY: Final = (
    "s.number, s.uid, s.keys::text, s.series, s.instances, s.bytes, s.modalities, s.sop_classes, "
    "s.imaging_study, s.patient, s.encounter, s.is_mixed, s.received, s.updated"
)
SERIES: Final = (
    "e.number, e.study, e.uid, e.keys::text, e.modality, e.instances, e.bytes, e.received, "
    "e.updated"
)
INSTANCE: Final = (
    "i.number, i.series, i.uid, i.keys::text, i.sop_class, i.transfer_syntax, i.size, "
    "i.dataset_at, i.digest, i.received, i.sender, i.source, i.caller, i.object, i.key, s.key, "
    "i.metadata IS NOT NULL"
)


def study_of(row: Sequence[Any]) -> StudyRow:
    """A row of the columns STUDY."""
    number, uid, keys, series, instances, size, modalities, classes, *rest = row
    return StudyRow(
        number, uid, _keys(keys), series, instances, size, tuple(modalities), tuple(classes), *rest
    )


def series_of(rows: Sequence[Sequence[Any]], studies: Mapping[int, StudyRow]) -> list[SeriesRow]:
    """Rows of the columns SERIES; one whose study was removed meanwhile is none."""
    return [
        SeriesRow(row[0], studies[row[1]], row[2], _keys(row[3]), *row[4:])
        for row in rows
        if row[1] in studies
    ]


def instances_of(
    rows: Sequence[Sequence[Any]], series: Mapping[int, SeriesRow]
) -> list[InstanceRow]:
    """Rows of the columns INSTANCE; one whose series was removed meanwhile is none."""
    found = []
    for number, of, uid, keys, *values in rows:
        if of in series:
            found.append(InstanceRow(number, series[of], uid, _keys(keys), *values))
    return found


def studies_by_number(database: Database, numbers: Collection[int]) -> dict[int, StudyRow]:
    """Studies by the numbers of their rows."""
    if not numbers:
        return {}
    sql = f"SELECT {STUDY} FROM dicom.study s WHERE s.number = ANY(%s::int8[])"
    return {row[0]: study_of(row) for row in database.point(sql, (array(numbers),))}


def series_by_number(database: Database, numbers: Collection[int]) -> dict[int, SeriesRow]:
    """Series by the numbers of their rows, with their studies."""
    if not numbers:
        return {}
    sql = f"SELECT {SERIES} FROM dicom.series e WHERE e.number = ANY(%s::int8[])"
    rows = database.point(sql, (array(numbers),))
    studies = studies_by_number(database, {row[1] for row in rows})
    return {found.number: found for found in series_of(rows, studies)}


def study(database: Database, uid: str) -> StudyRow | None:
    """A study by its UID."""
    rows = database.point(f"SELECT {STUDY} FROM dicom.study s WHERE s.uid = %s", (uid,))
    return study_of(rows[0]) if rows else None


def instances(database: Database, uids: Collection[str]) -> list[InstanceRow]:
    """Instances by their UIDs, in no order."""
    rows = database.point(
        f"SELECT {INSTANCE} FROM dicom.instance i JOIN dicom.study s ON s.number = i.study "
        "WHERE i.uid = ANY(%s::text[])",
        (list(uids),),
    )
    return instances_of(rows, series_by_number(database, {row[1] for row in rows}))


def unchanged_since(database: Database, before: datetime, *, limit: int) -> list[StudyRow]:
    """Studies of which nothing has come, gone or been committed to since, the oldest first."""
    rows = database.read(
        f"SELECT {STUDY} FROM dicom.study s WHERE s.updated < %s AND NOT EXISTS (SELECT "
        "FROM dicom.instance i WHERE i.study = s.number AND i.committed >= %s) "
        "ORDER BY s.number LIMIT %s",
        (before, before, limit),
    )
    return [study_of(row) for row in rows]


def after(database: Database, number: int, *, limit: int) -> list[InstanceRow]:
    """Instances with higher numbers than this one, in order: all of them, page by page."""
    rows = database.point(
        f"SELECT {INSTANCE} FROM dicom.instance i JOIN dicom.study s ON s.number = i.study "
        "WHERE i.number > %s ORDER BY i.number LIMIT %s",
        (number, limit),
    )
    return instances_of(rows, series_by_number(database, {row[1] for row in rows}))


def total_bytes(database: Database) -> int:
    """How many bytes the files of all studies have."""
    return int(
        database.read(
            "SELECT (SELECT coalesce(sum(bytes), 0) FROM dicom.study) "
            "+ (SELECT coalesce(sum(size), 0) FROM dicom.conflict)"
        )[0][0]
    )


def _keys(text: str) -> Keys:
    keys: Keys = json.kept(text)
    return keys
