"""The DICOM JSON models of instances, as texts: stored, read in order, and made when missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhirserver.storage.database import Database
from fhirserver.storage.dicom_rows import (
    INSTANCE,
    InstanceRow,
    instances_of,
    series_by_number,
)

AT_ONCE: Final = 500

_SOME: Final = """
SELECT e.number, e.series_number, i.number, i.instance_number, i.uid, i.metadata
FROM dicom.study s JOIN dicom.series e ON e.study = s.number
JOIN dicom.instance i ON i.study = s.number AND i.series = e.number
WHERE s.uid = %(study)s AND (%(series)s::text IS NULL OR e.uid = %(series)s)
AND (%(instance)s::text IS NULL OR i.uid = %(instance)s)
AND (coalesce(e.series_number, 9223372036854775807), e.number,
  coalesce(i.instance_number, 9223372036854775807), i.number)
  > (%(after0)s::int8, %(after1)s::int8, %(after2)s::int8, %(after3)s::int8)
ORDER BY coalesce(e.series_number, 9223372036854775807), e.number,
  coalesce(i.instance_number, 9223372036854775807), i.number
LIMIT %(limit)s"""
_LAST: Final = 2**63 - 1
_FIRST: Final = -(2**63)


def texts(
    database: Database, study: str, series: str | None = None, instance: str | None = None
) -> Iterator[list[tuple[str, bytes | None]]]:
    """UIDs and models of the instances of a study, a series, or of one, by their numbers.

    Some at a time; a model that nobody has made is None.
    """
    after = (_FIRST, _FIRST, _FIRST, _FIRST)
    while True:
        values: dict[str, Any] = {
            "study": study,
            "series": series,
            "instance": instance,
            "limit": AT_ONCE,
            **{f"after{n}": value for n, value in enumerate(after)},
        }
        rows = database.read(_SOME, values, prepare=False)
        yield [(row[4], row[5]) for row in rows]
        if len(rows) < AT_ONCE:
            return
        last = rows[-1]
        after = (
            _LAST if last[1] is None else last[1], last[0],
            _LAST if last[3] is None else last[3], last[2],
        )  # fmt: skip


def fill(database: Database, models: Mapping[str, tuple[bytes, bytes]]) -> int:
    """Keep models, by UID, of the dataset with this digest; how many were missing."""
    if not models:
        return 0
    rows = database.write(
        "UPDATE dicom.instance i SET metadata = n.metadata "
        "FROM unnest(%b::text[], %b::bytea[], %b::bytea[]) AS n (uid, digest, metadata) "
        "WHERE i.uid = n.uid AND i.digest = n.digest AND i.metadata IS NULL RETURNING 1",
        (
            list(models),
            [digest for digest, _ in models.values()],
            [text for _, text in models.values()],
        ),
    )
    return len(rows)


def without(database: Database, *, limit: int) -> list[InstanceRow]:
    """Instances whose model nobody has made, the oldest first."""
    rows = database.read(
        f"SELECT {INSTANCE} FROM dicom.instance i JOIN dicom.study s ON s.number = i.study "
        "WHERE i.metadata IS NULL ORDER BY i.number LIMIT %s",
        (limit,),
    )
    return instances_of(rows, series_by_number(database, {row[1] for row in rows}))
