"""Reindex jobs: beginning one, how far it is, and ending it early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fhirserver.storage.added_parameters import new_job
from fhirserver.storage.database import Database, execute


@dataclass(frozen=True, slots=True)
class Part:
    """How far one type is; `total` is None before it has begun. `changed`: rows that differed.

    `codes` are the search parameters that answer when it is done.
    """

    type: str
    state: str
    done: int
    total: int | None
    changed: int
    begun: datetime | None
    ended: datetime | None
    codes: Sequence[str]

    @property
    def to_go(self) -> int | None:
        """The resources that are left; None before it has begun."""
        return None if self.total is None else self.total - self.done


@dataclass(frozen=True, slots=True)
class Job:
    """A reindex job and its parts, by type."""

    id: int
    reason: str
    created: datetime
    parts: tuple[Part, ...]

    @property
    def state(self) -> str:
        """`waiting`, `running`, `done`, or `cancelled` when a part of it was."""
        states = {p.state for p in self.parts}
        if "running" in states or {"waiting", "done"} <= states:
            return "running"
        return next((s for s in ("waiting", "cancelled") if s in states), "done")

    @property
    def is_open(self) -> bool:
        return any(p.state in ("waiting", "running") for p in self.parts)

    @property
    def types(self) -> list[str]:
        return [p.type for p in self.parts]

    @property
    def done(self) -> int:
        return sum(p.done for p in self.parts)

    @property
    def total(self) -> int | None:
        """All resources to do; None until every part has counted its own.

        Of a part that was cancelled it is what has been done.
        """
        totals = [p.done if p.state == "cancelled" else p.total for p in self.parts]
        return None if None in totals else sum(t or 0 for t in totals)


def start(database: Database, types: Sequence[str], reason: str) -> int:
    """A job that reindexes these types; parameters whose job was cancelled wait for it.

    One for just these that hasn't begun yet will do.
    """
    with database.transaction() as connection:
        # Held while looking and adding, so that two who ask at once get one job.
        execute(connection, "SELECT made FROM fhir.search_state FOR UPDATE")
        waiting = execute(
            connection,
            "SELECT job FROM fhir.reindex_part "
            "WHERE job IN (SELECT job FROM fhir.reindex_part WHERE state = 'waiting') GROUP BY job "
            "HAVING bool_and(state = 'waiting' AND type = ANY(%s)) AND count(*) = %s "
            "ORDER BY job LIMIT 1",
            (list(types), len(types)),
        )
        job = int(waiting[0][0]) if waiting else new_job(connection, types, reason)
        execute(
            connection,
            "UPDATE fhir.search_index i SET job = %s FROM fhir.reindex_part p "
            "WHERE p.job = i.job AND p.type = i.type AND p.state = 'cancelled' "
            "AND i.type = ANY(%s)",
            (job, list(types)),
        )
        execute(connection, "UPDATE fhir.search_state SET asked = asked + 1")
    return job


def cancel(database: Database, job: int) -> None:
    """End a job where it is; what it has done stays."""
    database.write(
        "UPDATE fhir.reindex_part SET state = 'cancelled', ended = clock_timestamp() "
        "WHERE job = %s AND state IN ('waiting', 'running')",
        (job,),
    )


def find(database: Database, job: int) -> Job | None:
    """A job by its number."""
    return next(iter(_jobs(database, "j.id = %s", (job,))), None)


def open_jobs(database: Database) -> list[Job]:
    """The jobs with something left to do."""
    is_open = "SELECT job FROM fhir.reindex_part WHERE state IN ('waiting', 'running')"
    return _jobs(database, f"j.id IN ({is_open})", ())


def newest(database: Database, *, limit: int) -> list[Job]:
    """The jobs with something left to do, and the last ones that have ended; the newest first."""
    chosen = (
        "j.id IN (SELECT job FROM fhir.reindex_part WHERE state IN ('waiting', 'running') "
        "UNION (SELECT id FROM fhir.reindex_job ORDER BY id DESC LIMIT %s))"
    )
    return _jobs(database, chosen, (limit,))[::-1]


def _jobs(database: Database, where: str, parameters: Sequence[object]) -> list[Job]:
    rows = database.read(
        "SELECT j.id, j.reason, j.created, p.type, p.state, p.done, p.total, p.changed, "
        "p.begun, p.ended, ARRAY(SELECT i.code FROM fhir.search_index i "
        "WHERE i.type = p.type AND i.job <= p.job ORDER BY i.code) "
        "FROM fhir.reindex_job j JOIN fhir.reindex_part p ON p.job = j.id "
        f"WHERE {where} ORDER BY j.id, p.type",
        parameters,
    )
    jobs: dict[int, Job] = {}
    for id_, reason, created, *part in rows:
        before = jobs[id_].parts if id_ in jobs else ()
        jobs[id_] = Job(id_, reason, created, (*before, Part(*part)))
    return list(jobs.values())
