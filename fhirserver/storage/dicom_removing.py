"""Taking DICOM studies, series and instances out of the record; their files go after that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.dicom_keeping import TOPIC


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of a study: its files, and whether nothing of it is left."""

    study: str
    imaging_study: str | None
    patient: str | None
    instances: int
    objects: tuple[UUID, ...]
    is_all: bool


_LOCK: Final = (
    "SELECT s.number, s.uid, s.imaging_study, s.patient, s.key FROM dicom.study s "
    "WHERE s.uid = %s FOR NO KEY UPDATE"
)
_SELECTED: Final = (
    "i.study = %(study)s AND e.number = i.series "
    "AND (%(series)s::text IS NULL OR e.uid = %(series)s) "
    "AND (%(instance)s::text IS NULL OR i.uid = %(instance)s)"
)
_PROMISED: Final = (
    f"SELECT count(*) FROM dicom.instance i, dicom.series e WHERE {_SELECTED} "
    "AND i.committed IS NOT NULL"
)
_INSTANCES: Final = (
    f"DELETE FROM dicom.instance i USING dicom.series e WHERE {_SELECTED} RETURNING i.uid, i.object"
)
_CONFLICTS: Final = "DELETE FROM dicom.conflict WHERE study = %s AND uid = ANY(%s) RETURNING object"
_COUNT_SERIES: Final = (
    "UPDATE dicom.series e SET instances = n.count, bytes = n.bytes, "
    "updated = clock_timestamp() FROM (SELECT e.number, count(i.number) AS count, "
    "coalesce(sum(i.size), 0) AS bytes FROM dicom.series e LEFT JOIN dicom.instance i "
    "ON i.study = e.study AND i.series = e.number WHERE e.study = %s GROUP BY e.number) n "
    "WHERE e.number = n.number AND e.instances <> n.count"
)
_EMPTY_SERIES: Final = "DELETE FROM dicom.series WHERE study = %s AND instances = 0"
_COUNT_STUDY: Final = (
    "UPDATE dicom.study s SET series = n.series, instances = n.instances, bytes = n.bytes, "
    "modalities = n.modalities, sop_classes = ARRAY(SELECT DISTINCT i.sop_class "
    "FROM dicom.instance i WHERE i.study = s.number ORDER BY 1), updated = clock_timestamp() "
    "FROM (SELECT count(*) AS series, coalesce(sum(instances), 0) AS instances, "
    "coalesce(sum(bytes), 0) AS bytes, coalesce(array_agg(DISTINCT modality) "
    "FILTER (WHERE modality <> ''), '{}') AS modalities FROM dicom.series WHERE study = %(study)s) "
    "n WHERE s.number = %(study)s RETURNING s.instances"
)
_CHANGED: Final = (
    "WITH changed AS (INSERT INTO dicom.change AS g (study) VALUES (%s) ON CONFLICT (study) "
    "DO UPDATE SET changes = g.changes + 1, updated = excluded.updated "
    "RETURNING (xmax = 0) AS is_first) "
    "INSERT INTO queue.item (topic, lane, content) "
    "SELECT %s, %s, jsonb_build_object('study', %s::text) FROM changed WHERE is_first"
)
_DESTROY: Final = (
    "UPDATE keys.data SET wrapped = NULL, destroyed = clock_timestamp() "
    "WHERE id = ANY(%s::uuid[]) AND wrapped IS NOT NULL"
)


class Promised(Exception):
    """Senders were told that so many instances of what is to be removed are kept."""

    def __init__(self, instances: int) -> None:
        super().__init__(f"{instances} instances")
        self.instances = instances


def remove(
    database: Database,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    *,
    with_promised: bool = False,
) -> Removed | None:
    """Take a study out, or a series or an instance of it; None when there is no such thing.

    Whoever deals with changes of studies hears of it: of a study that is gone with the id of its
    ImagingStudy. What of its instances was in conflict goes, too. Raises Promised, and removes
    nothing, where senders were told that something of it is kept, unless that goes, too.
    """
    with database.transaction() as connection:
        found = execute(connection, _LOCK, (study,))
        if not found:
            return None
        number, uid, imaging_study, patient, key = found[0]
        which = {"study": number, "series": series, "instance": instance}
        if not with_promised and (promised := execute(connection, _PROMISED, which)[0][0]):
            raise Promised(promised)
        rows = execute(connection, _INSTANCES, which)
        if not rows and (series or instance):
            return None
        uids = [row[0] for row in rows]
        objects = [row[1] for row in rows]
        objects += [row[0] for row in execute(connection, _CONFLICTS, (number, uids))]
        execute(connection, _COUNT_SERIES, (number,))
        execute(connection, _EMPTY_SERIES, (number,))
        is_all = not execute(connection, _COUNT_STUDY, {"study": number})[0][0]
        if is_all:
            _end(connection, number, key)
            execute(
                connection,
                "INSERT INTO queue.item (topic, lane, content) VALUES (%s, %s, "
                "jsonb_build_object('study', %s::text, 'imagingStudy', %s::text))",
                (TOPIC, uid, uid, imaging_study),
            )
        else:
            execute(connection, _CHANGED, (number, TOPIC, uid, uid))
    return Removed(uid, imaging_study, patient, len(uids), tuple(objects), is_all)


def _end(connection: Connection, number: int, key: UUID) -> None:
    for sql in (
        "DELETE FROM dicom.change WHERE study = %s",
        "DELETE FROM dicom.study WHERE number = %s",
    ):
        execute(connection, sql, (number,))
    execute(connection, _DESTROY, ([key],))


def erase_of_owner(connection: Connection, owner: int) -> int:
    """Forget all studies of a patient, and destroy their keys; how many there were.

    Their files, which nobody can read any more, go with the next sweep.
    """
    theirs: dict[str, Any] = {"owner": owner}
    numbers = "SELECT number FROM dicom.study WHERE owner = %(owner)s"
    execute(connection, _OF_OWNER_LOCK, theirs)
    for table in ("instance", "series", "conflict", "change"):
        execute(connection, f"DELETE FROM dicom.{table} WHERE study IN ({numbers})", theirs)
    rows = execute(
        connection, "DELETE FROM dicom.study WHERE owner = %(owner)s RETURNING key", theirs
    )
    execute(connection, _DESTROY, ([row[0] for row in rows],))
    return len(rows)


_OF_OWNER_LOCK: Final = (
    "SELECT FROM dicom.study WHERE owner = %(owner)s ORDER BY uid FOR NO KEY UPDATE"
)
