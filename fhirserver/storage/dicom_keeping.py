"""Writing DICOM instances that came: many at once, and the counts stay right.

Whoever adds to a study has its row locked until the transaction ends. Studies are locked in the
order of their UIDs, so that two who add to several don't wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final
from uuid import UUID

from fhirserver.model import json
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.versions import array

TOPIC: Final = "dicom"
"""Of the queue: an item for each study that has changed, in a lane of its UID."""


@dataclass(frozen=True, slots=True)
class NewStudy:
    """A study as its first instance describes it; `keys` is JSON, the rest is what is compared."""

    uid: str
    key: UUID
    person: int
    patient_id: str
    issuer: str
    name: str
    ideographic: str
    phonetic: str
    birth_date: str
    sex: str
    date: str
    time: str
    accession: str
    study_id: str
    description: str
    referring: str
    keys: str


@dataclass(frozen=True, slots=True)
class NewSeries:
    """A series as its first instance describes it."""

    study: str
    uid: str
    series_number: int | None
    modality: str
    description: str
    body_part: str
    station: str
    step_date: str
    step_time: str
    keys: str


@dataclass(frozen=True, slots=True)
class NewInstance:
    """An instance: `data_key` is the key of its study that its own `key` is sealed with."""

    study: str
    series: str
    data_key: UUID
    person: int
    object: UUID
    size: int
    instance_number: int | None
    dataset_at: int
    uid: str
    sop_class: str
    transfer_syntax: str
    sender: str
    source: str
    caller: str
    key: bytes
    digest: bytes
    keys: str
    metadata: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """An instance that is there: its number, what it is, and the number and key of its study.

    `size` is that of its file, `key` the file's own, sealed, `dataset_at` where its dataset begins.
    """

    number: int
    digest: bytes
    object: UUID
    size: int
    study: int
    data_key: UUID
    key: bytes
    dataset_at: int


_ADD: Final = """
WITH come AS MATERIALIZED (
  SELECT * FROM ROWS FROM (
    json_to_recordset(%s::json) AS (study text, series text, data_key uuid, person int8,
      object uuid, size int8, instance_number int8, dataset_at int4, uid text, sop_class text,
      transfer_syntax text, sender text, source text, caller text, key text, digest text,
      keys jsonb),
    unnest(%b::bytea[])) AS n (study, series, data_key, person, object, size, instance_number,
      dataset_at, uid, sop_class, transfer_syntax, sender, source, caller, key, digest, keys,
      metadata)),
held AS MATERIALIZED (
  SELECT s.number, s.uid, s.key FROM dicom.study s
  WHERE s.uid = ANY(ARRAY(SELECT DISTINCT study FROM come)) ORDER BY s.uid FOR NO KEY UPDATE),
new AS (
  INSERT INTO dicom.instance (study, series, object, size, instance_number, dataset_at, uid,
    sop_class, transfer_syntax, sender, source, caller, key, digest, keys, metadata)
  SELECT h.number, e.number, c.object, c.size, c.instance_number, c.dataset_at, c.uid, c.sop_class,
    c.transfer_syntax, c.sender, c.source, c.caller, decode(c.key, 'hex'), decode(c.digest, 'hex'),
    c.keys, nullif(c.metadata, '')
  FROM come c JOIN held h ON h.uid = c.study AND h.key = c.data_key
  JOIN dicom.series e ON e.study = h.number AND e.uid = c.series
  ORDER BY c.uid
  ON CONFLICT (uid) DO NOTHING
  RETURNING number, study, series, object, size, sop_class),
by_study AS MATERIALIZED (
  SELECT n.study, count(*) AS count, sum(n.size) AS bytes,
    array_agg(DISTINCT n.sop_class) AS classes, array_agg(DISTINCT c.person) AS persons
  FROM new n JOIN come c USING (object) GROUP BY n.study),
of_study AS (
  UPDATE dicom.study s SET instances = s.instances + n.count, bytes = s.bytes + n.bytes,
    updated = clock_timestamp(), is_mixed = s.is_mixed OR n.persons <> ARRAY[s.person],
    sop_classes = CASE WHEN s.sop_classes @> n.classes THEN s.sop_classes
      ELSE ARRAY(SELECT unnest(s.sop_classes) UNION SELECT unnest(n.classes) ORDER BY 1) END
  FROM by_study n WHERE s.number = n.study),
of_series AS (
  UPDATE dicom.series e SET instances = e.instances + n.count, bytes = e.bytes + n.bytes,
    updated = clock_timestamp()
  FROM (SELECT series, count(*) AS count, sum(size) AS bytes FROM new GROUP BY series) n
  WHERE e.number = n.series),
changed AS (
  INSERT INTO dicom.change AS g (study, changes) SELECT study, count FROM by_study
  ON CONFLICT (study) DO UPDATE SET changes = g.changes + excluded.changes,
    updated = excluded.updated
  RETURNING study, (xmax = 0) AS is_first),
queued AS (
  INSERT INTO queue.item (topic, lane, content)
  SELECT %s, h.uid, jsonb_build_object('study', h.uid)
  FROM changed g JOIN held h ON h.number = g.study WHERE g.is_first)
SELECT object, number FROM new"""


def add(target: Connection | Database, rows: Sequence[NewInstance]) -> dict[UUID, int]:
    """Keep instances; the numbers of those that are kept by their objects.

    One isn't kept that is there already, or whose study (with this key) or series isn't. On a
    database it is a transaction of its own.
    """
    values = (json.dump([_record(r) for r in rows]).decode(), [r.metadata for r in rows], TOPIC)
    if isinstance(target, Database):
        found = target.write(_ADD, values)
    else:
        found = execute(target, _ADD, values)
    return {row[0]: row[1] for row in found}


def _record(row: NewInstance) -> dict[str, Any]:
    """One JSON text costs a tenth of an array for each column."""
    return {
        "study": row.study,
        "series": row.series,
        "data_key": row.data_key,
        "person": row.person,
        "object": row.object,
        "size": row.size,
        "instance_number": row.instance_number,
        "dataset_at": row.dataset_at,
        "uid": row.uid,
        "sop_class": row.sop_class,
        "transfer_syntax": row.transfer_syntax,
        "sender": row.sender,
        "source": row.source,
        "caller": row.caller,
        "key": row.key.hex(),
        "digest": row.digest.hex(),
        "keys": json.raw(row.keys),
    }


def keys_of(database: Database, uids: Collection[str]) -> dict[str, UUID]:
    """The keys of studies by their UIDs, of those that there are."""
    sql = "SELECT s.uid, s.key FROM dicom.study s WHERE s.uid = ANY(%s::text[])"
    return {row[0]: row[1] for row in database.point(sql, (list(uids),))}


def known(connection: Connection, uids: Collection[str]) -> dict[str, Known]:
    """The instances of these UIDs that are there."""
    rows = execute(
        connection,
        "SELECT i.uid, i.number, i.digest, i.object, i.size, i.study, s.key, i.key, "
        "i.dataset_at FROM dicom.instance i JOIN dicom.study s ON s.number = i.study "
        "WHERE i.uid = ANY(%s::text[])",
        (list(uids),),
    )
    return {r[0]: Known(r[1], bytes(r[2]), r[3], r[4], r[5], r[6], bytes(r[7]), r[8]) for r in rows}


_MEND: Final = """
WITH lost AS (
  SELECT number, study, series, size FROM dicom.instance
  WHERE number = %(number)s AND object = %(lost)s FOR UPDATE),
mended AS (
  UPDATE dicom.instance i SET object = %(object)s, key = %(key)s, size = %(size)s,
    dataset_at = %(dataset_at)s
  FROM lost l WHERE i.number = l.number RETURNING i.study, i.series, i.size - l.size AS more),
of_series AS (
  UPDATE dicom.series e SET bytes = e.bytes + m.more FROM mended m WHERE e.number = m.series)
UPDATE dicom.study s SET bytes = s.bytes + m.more FROM mended m WHERE s.number = m.study
RETURNING 1"""


def mend(connection: Connection, there: Known, row: NewInstance) -> bool:
    """The file of an instance is lost, and its dataset has come again: take the new file."""
    values = {
        "number": there.number,
        "lost": there.object,
        "object": row.object,
        "key": row.key,
        "size": row.size,
        "dataset_at": row.dataset_at,
    }
    execute(
        connection,
        "SELECT FROM dicom.study WHERE number = %s FOR NO KEY UPDATE",
        (there.study,),
    )
    return bool(execute(connection, _MEND, values))


_ADD_STUDIES: Final = """
INSERT INTO dicom.study (uid, key, person, patient_id, issuer, name, ideographic, phonetic,
  birth_date, sex, date, time, accession, study_id, description, referring, keys)
SELECT n.uid, n.key, n.person, n.patient_id, n.issuer, n.name, n.ideographic, n.phonetic,
  n.birth_date, n.sex, n.date, n.time, n.accession, n.study_id, n.description, n.referring,
  n.keys::jsonb
FROM unnest(%b::text[], %b::uuid[], %s::int8[], %b::text[], %b::text[], %b::text[], %b::text[],
  %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
  %b::text[], %b::text[])
  AS n (uid, key, person, patient_id, issuer, name, ideographic, phonetic, birth_date, sex, date,
    time, accession, study_id, description, referring, keys)
ORDER BY n.uid ON CONFLICT (uid) DO NOTHING RETURNING number"""


def lock_studies(connection: Connection, uids: Collection[str]) -> dict[str, UUID]:
    """Lock studies until the transaction ends: the keys of those that there are."""
    found = execute(
        connection,
        "SELECT s.uid, s.key FROM dicom.study s WHERE s.uid = ANY(%s::text[]) "
        "ORDER BY s.uid FOR NO KEY UPDATE",
        (list(uids),),
    )
    return {row[0]: row[1] for row in found}


def add_studies(connection: Connection, rows: Sequence[NewStudy]) -> list[int]:
    """Make studies, those that aren't there; who was made."""
    return [row[0] for row in execute(connection, _ADD_STUDIES, _columns(NewStudy, rows))]


_ADD_SERIES: Final = """
INSERT INTO dicom.series (study, uid, series_number, modality, description, body_part, station,
  step_date, step_time, keys)
SELECT s.number, n.uid, n.series_number, n.modality, n.description, n.body_part, n.station,
  n.step_date, n.step_time, n.keys::jsonb
FROM unnest(%b::text[], %b::text[], %s::int8[], %b::text[], %b::text[], %b::text[], %b::text[],
  %b::text[], %b::text[], %b::text[])
  AS n (study, uid, series_number, modality, description, body_part, station, step_date, step_time,
    keys)
JOIN dicom.study s ON s.uid = n.study
ORDER BY s.uid, n.uid ON CONFLICT (study, uid) DO NOTHING RETURNING number"""


def add_series(connection: Connection, rows: Sequence[NewSeries]) -> list[int]:
    """Make series of studies that are locked, those that aren't there; who was made."""
    return [row[0] for row in execute(connection, _ADD_SERIES, _columns(NewSeries, rows))]


def count_made(connection: Connection, studies: Sequence[int], series: Sequence[int]) -> None:
    """Count series that were made in their studies; what was made for nothing goes."""
    execute(
        connection,
        "DELETE FROM dicom.series WHERE number = ANY(%s::int8[]) AND instances = 0",
        (array(series),),
    )
    execute(
        connection,
        "UPDATE dicom.study s SET series = s.series + n.count, modalities = "
        "ARRAY(SELECT unnest(s.modalities) UNION SELECT unnest(n.modalities) ORDER BY 1) "
        "FROM (SELECT study, count(*) AS count, "
        "coalesce(array_agg(DISTINCT modality) FILTER (WHERE modality <> ''), '{}') AS modalities "
        "FROM dicom.series WHERE number = ANY(%s::int8[]) GROUP BY study) n "
        "WHERE s.number = n.study",
        (array(series),),
    )
    execute(
        connection,
        "DELETE FROM dicom.study WHERE number = ANY(%s::int8[]) AND instances = 0",
        (array(studies),),
    )


_ADD_CONFLICTS: Final = """
INSERT INTO dicom.conflict (study, object, size, dataset_at, uid, claimed_study, claimed_series,
  sop_class, transfer_syntax, sender, source, caller, key, digest, keys)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb
ON CONFLICT (uid, digest) DO NOTHING RETURNING 1"""


def add_conflict(connection: Connection, study: int, row: NewInstance, keys: str) -> bool:
    """Keep another dataset of an instance that is there; False when that came before.

    `keys` are the attributes of all levels.
    """
    values = (
        study, row.object, row.size, row.dataset_at, row.uid, row.study, row.series, row.sop_class,
        row.transfer_syntax, row.sender, row.source, row.caller, row.key, row.digest, keys,
    )  # fmt: skip
    return bool(execute(connection, _ADD_CONFLICTS, values))


def _columns(kind: type[Any], rows: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_column(str(f.type), [getattr(r, f.name) for r in rows]) for f in fields(kind))


def _column(kind: str, values: list[Any]) -> Any:
    """Numbers as a literal: their type in binary would depend on how large they are."""
    if not kind.startswith("int"):
        return values
    return "{" + ",".join("NULL" if v is None else str(v) for v in values) + "}"
