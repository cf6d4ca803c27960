"""Instances that came again with other bytes: both are kept, and somebody says which is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fhirserver.model import json
from fhirserver.storage.database import Database, execute


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Another dataset of the instance `uid`, which is in `study`; it says that it is of `claimed`.

    `keys` are the attributes of all levels; the rest is as in InstanceRow.
    """

    number: int
    uid: str
    study: str
    claimed_study: str
    claimed_series: str
    keys: Mapping[str, Any]
    sop_class: str
    transfer_syntax: str
    size: int
    dataset_at: int
    digest: bytes
    received: datetime
    ended: datetime | None
    sender: str
    source: str
    caller: str
    object: UUID
    key: bytes
    data_key: UUID


_CONFLICT: Final = (
    "c.number, c.uid, s.uid, c.claimed_study, c.claimed_series, c.keys::text, c.sop_class, "
    "c.transfer_syntax, c.size, c.dataset_at, c.digest, c.received, c.ended, c.sender, c.source, "
    "c.caller, c.object, c.key, s.key"
)
_FROM: Final = "FROM dicom.conflict c JOIN dicom.study s ON s.number = c.study"


def listed(
    database: Database,
    *,
    study: str | None = None,
    only_open: bool = True,
    after: int = 0,
    limit: int = 100,
) -> list[ConflictRow]:
    """Conflicts, or those that nobody has decided about, the oldest first."""
    rows = database.read(
        f"SELECT {_CONFLICT} {_FROM} WHERE (c.ended IS NULL OR NOT %s) AND c.number > %s "
        "AND (%s::text IS NULL OR s.uid = %s) ORDER BY c.number LIMIT %s",
        (only_open, after, study, study, limit),
    )
    return [_conflict(row) for row in rows]


def find(database: Database, number: int) -> ConflictRow | None:
    """A conflict by its number."""
    rows = database.read(f"SELECT {_CONFLICT} {_FROM} WHERE c.number = %s", (number,))
    return _conflict(rows[0]) if rows else None


def keep_first(database: Database, number: int) -> bool:
    """The one that is shown stays that; False when somebody has decided."""
    sql = (
        "UPDATE dicom.conflict SET ended = clock_timestamp() WHERE number = %s AND ended IS NULL "
        "RETURNING 1"
    )
    return bool(database.write(sql, (number,)))


_FILE: Final = ("object", "size", "dataset_at", "sop_class", "transfer_syntax", "sender", "source",
                "caller", "key", "digest", "received")  # fmt: skip
_SWAP: Final = f"""
WITH held AS (
  SELECT s.number FROM dicom.conflict c JOIN dicom.study s ON s.number = c.study
  WHERE c.number = %(number)s FOR NO KEY UPDATE OF s),
other AS (
  SELECT c.* FROM dicom.conflict c JOIN held h ON h.number = c.study
  WHERE c.number = %(number)s AND c.ended IS NULL AND c.claimed_study = %(study)s FOR UPDATE OF c),
first AS (
  SELECT i.* FROM dicom.instance i JOIN other o ON o.uid = i.uid JOIN dicom.series e
  ON e.number = i.series WHERE e.uid = o.claimed_series FOR UPDATE OF i),
shown AS (
  UPDATE dicom.instance i SET {", ".join(f"{c} = o.{c}" for c in _FILE)},
    keys = %(keys)s::jsonb, metadata = NULL
  FROM other o JOIN first f ON f.uid = o.uid WHERE i.number = f.number
  RETURNING i.study, i.series, o.size - f.size AS more),
put_by AS (
  UPDATE dicom.conflict c SET {", ".join(f"{c} = f.{c}" for c in _FILE)}, keys = f.keys,
    ended = clock_timestamp()
  FROM first f WHERE c.number = %(number)s),
of_series AS (
  UPDATE dicom.series e SET bytes = e.bytes + n.more, updated = clock_timestamp() FROM shown n
  WHERE e.number = n.series),
of_study AS (
  UPDATE dicom.study s SET bytes = s.bytes + n.more, updated = clock_timestamp() FROM shown n
  WHERE s.number = n.study),
changed AS (
  INSERT INTO dicom.change AS g (study) SELECT study FROM shown ON CONFLICT (study)
  DO UPDATE SET changes = g.changes + 1, updated = excluded.updated
  RETURNING study, (xmax = 0) AS is_first),
queued AS (
  INSERT INTO queue.item (topic, lane, content)
  SELECT 'dicom', %(study)s, jsonb_build_object('study', %(study)s::text) FROM changed
  WHERE is_first)
SELECT count(*) FROM shown"""


def show_other(database: Database, conflict: ConflictRow, keys: Mapping[str, Any]) -> bool:
    """The other dataset is shown from now on, the first one is put by.

    `keys` are the attributes of the instance alone. False when somebody has decided, or the other
    one claims another study or series: it can't be shown in this one.
    """
    with database.transaction() as connection:
        values = {
            "number": conflict.number,
            "study": conflict.study,
            "keys": json.dump(dict(keys)).decode(),
        }
        return bool(execute(connection, _SWAP, values)[0][0])


def _conflict(row: Sequence[Any]) -> ConflictRow:
    number, uid, study, claimed_study, claimed_series, keys, *rest = row
    known = json.parse_object(keys.encode())
    return ConflictRow(number, uid, study, claimed_study, claimed_series, known, *rest)
