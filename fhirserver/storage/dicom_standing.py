"""What becomes of DICOM studies: FHIR resources, changes to deal with, and how much there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhirserver.search.hashing import reference_self
from fhirserver.storage.database import Connection, Database, execute


@dataclass(frozen=True, slots=True)
class Changed:
    """A study with changes that nobody has dealt with: how many, since when, the last when."""

    study: str
    changes: int
    since: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Totals:
    """What there is; `oldest_open` is since when the study waits that waits longest."""

    studies: int
    series: int
    instances: int
    size: int
    conflicts: int
    open: int
    oldest_open: datetime | None


@dataclass(frozen=True, slots=True)
class SenderStanding:
    """Who sent some of the newest instances: how many within an hour, and the last when.

    `sender` is the id of an Endpoint, `caller` the AE title that it called itself.
    """

    sender: str
    caller: str
    last_hour: int
    last: datetime


MOST_LOOKED_AT: Final = 20_000
"""Instances have no index by sender: a modality that has sent none of so many is a quiet one."""


def senders(database: Database) -> list[SenderStanding]:
    """Who sent the newest instances."""
    rows = database.read(
        "SELECT sender, caller, count(*) FILTER (WHERE received >= now() - interval '1 hour'), "
        "max(received) FROM (SELECT sender, caller, received FROM dicom.instance "
        "ORDER BY number DESC LIMIT %s) n GROUP BY sender, caller ORDER BY sender, caller",
        (MOST_LOOKED_AT,),
    )
    return [SenderStanding(*row) for row in rows]


def any_study(connection: Connection) -> bool:
    """Whether there is any study."""
    return bool(execute(connection, "SELECT 1 FROM dicom.study LIMIT 1"))


def changed(database: Database, uid: str) -> Changed | None:
    """What is to be dealt with of a study; None when nothing is."""
    rows = database.point(
        "SELECT s.uid, g.changes, g.since, g.updated FROM dicom.study s "
        "JOIN dicom.change g ON g.study = s.number WHERE s.uid = %s",
        (uid,),
    )
    return Changed(*rows[0]) if rows else None


def quiet(database: Database, seconds: float, *, limit: int) -> list[Changed]:
    """Studies with changes of which the last is so long ago, the longest first."""
    rows = database.read(
        "SELECT s.uid, g.changes, g.since, g.updated FROM dicom.change g "
        "JOIN dicom.study s ON s.number = g.study "
        "WHERE g.updated <= clock_timestamp() - make_interval(secs => %s) "
        "ORDER BY g.updated LIMIT %s",
        (seconds, limit),
    )
    return [Changed(*row) for row in rows]


def settle(database: Database, uid: str, changes: int) -> bool:
    """So many changes are dealt with; False when more have come meanwhile."""
    rows = database.write(
        "DELETE FROM dicom.change g USING dicom.study s "
        "WHERE s.uid = %s AND g.study = s.number AND g.changes <= %s RETURNING 1",
        (uid, changes),
    )
    return bool(rows)


def assign(
    database: Database,
    uid: str,
    *,
    imaging_study: str | None,
    patient: str | None,
    encounter: str | None,
) -> bool:
    """Which FHIR resources a study belongs to; what is None stays. False when there is none."""
    rows = database.write(
        "UPDATE dicom.study SET imaging_study = coalesce(%s, imaging_study), "
        "patient = coalesce(nullif(%s, ''), patient), owner = coalesce(%s::int8, owner), "
        "encounter = coalesce(%s, encounter) WHERE uid = %s RETURNING 1",
        (imaging_study, patient, _owner(patient), encounter, uid),
    )
    return bool(rows)


def release(database: Database, uid: str) -> bool:
    """A study is nobody's any more; False when there is none."""
    rows = database.write(
        "UPDATE dicom.study SET patient = NULL, owner = NULL, encounter = NULL "
        "WHERE uid = %s RETURNING 1",
        (uid,),
    )
    return bool(rows)


def reassign(database: Database, patient: str, to: str) -> list[str]:
    """All studies of one patient are another's from now on: their UIDs."""
    rows = database.write(
        "UPDATE dicom.study SET patient = %s, owner = %s WHERE owner = %s AND patient = %s "
        "RETURNING uid",
        (to, _owner(to), _owner(patient), patient),
    )
    return [row[0] for row in rows]


def totals(database: Database) -> Totals:
    """How much there is, and what is open."""
    rows = database.read(
        "SELECT (SELECT count(*) FROM dicom.study), s.series, s.instances, s.bytes, c.count, "
        "g.count, g.since FROM "
        "(SELECT coalesce(sum(series), 0)::int8 AS series, "
        "coalesce(sum(instances), 0)::int8 AS instances, coalesce(sum(bytes), 0)::int8 AS bytes "
        "FROM dicom.study) s, "
        "(SELECT count(*) AS count FROM dicom.conflict WHERE ended IS NULL) c, "
        "(SELECT count(*) AS count, min(since) AS since FROM dicom.change) g"
    )
    return Totals(*rows[0])


def _owner(patient: str | None) -> int | None:
    return reference_self("Patient", patient) if patient else None
