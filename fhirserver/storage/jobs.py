"""Jobs that outlive a request: what was asked for and by whom, how far they are, their files.

A job is done in parts. A part is committed together with what it made and with the place where the
next begins, and only if it is still the one whose turn it is: whoever does it a second time changes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from fhirserver.model import json
from fhirserver.storage.database import Connection, Database, Stale, execute
from fhirserver.storage.queue_items import New, add

Kind = Literal["export", "import"]
FileKind = Literal["output", "deleted", "error", "input"]

_COLUMNS: Final = (
    "id, kind, state, made, ended, expires, done, total, part, subject, client, scope, request, "
    "reason, asked::text, place::text"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. `part` is the number of the part that is next, `place` where it begins.

    `subject`, `client` and `scope` are those of the token it was asked for with.
    """

    id: UUID
    kind: Kind
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    made: datetime
    ended: datetime | None
    expires: datetime | None
    done: int
    total: int | None
    part: int
    subject: str
    client: str | None
    scope: str
    request: str
    reason: str | None
    asked: Mapping[str, Any]
    place: Mapping[str, Any] | None

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that is asked for: see Job."""

    id: UUID
    kind: Kind
    subject: str
    client: str | None
    scope: str
    request: str
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a job: `count` lines about resources of a type. `about`: the input it tells of."""

    number: int
    kind: FileKind
    type: str
    blob: UUID
    count: int
    size: int
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a part came to: where the next begins, and how many resources were done in it."""

    place: Mapping[str, Any]
    done: int = 0
    total: int | None = None


def start(database: Database, asked: Asked, *, most: int) -> bool:
    """A job and its first part in the queue; False when the subject has `most` open ones."""
    with database.transaction() as connection:
        # One at a time, or a hundred at once would all find room for one.
        execute(
            connection,
            "SELECT pg_advisory_xact_lock(hashtextextended('jobs.job ' || %s, 0))",
            (asked.subject,),
        )
        count = execute(
            connection,
            "SELECT count(*) FROM jobs.job WHERE subject = %s AND state IN ('waiting', 'running')",
            (asked.subject,),
        )[0][0]
        if most and count >= most:
            return False
        execute(
            connection,
            "INSERT INTO jobs.job (id, kind, subject, client, scope, request, asked) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb)",
            (
                asked.id, asked.kind, asked.subject, asked.client, asked.scope, asked.request,
                _text(asked.asked),
            ),
        )  # fmt: skip
        add(connection, asked.kind, [item(asked.id, 0)])
    return True


def item(job: UUID, part: int, due: datetime | None = None) -> New:
    """The item of the queue for one part of a job; a job's parts are in a lane of their own."""
    return New(str(job), {"job": str(job), "part": part}, due)


def find(database: Database, id_: UUID) -> Job | None:
    """A job by its id."""
    rows = database.read(f"SELECT {_COLUMNS} FROM jobs.job WHERE id = %s", (id_,))
    return _job(rows[0]) if rows else None


def newest(database: Database, *, limit: int) -> list[Job]:
    """Jobs of everybody, those with something left to do first, then the newest."""
    rows = database.read(
        f"SELECT {_COLUMNS} FROM jobs.job "
        "ORDER BY state IN ('waiting', 'running') DESC, made DESC LIMIT %s",
        (limit,),
    )
    return [_job(row) for row in rows]


def files(database: Database, job: UUID) -> list[File]:
    """The files of a job, in the order in which they were made."""
    rows = database.read(
        "SELECT number, kind, type, blob, count, size, about FROM jobs.file WHERE job = %s "
        "ORDER BY number",
        (job,),
    )
    return [File(*row) for row in rows]


def advance(connection: Connection, job: Job, step: Step) -> None:
    """A part is done, and the next one is in the queue. Raises Stale when it wasn't its turn."""
    rows = execute(
        connection,
        "UPDATE jobs.job SET state = 'running', part = part + 1, place = %s::jsonb, "
        "done = done + %s, total = coalesce(%s, total) "
        "WHERE id = %s AND part = %s AND state IN ('waiting', 'running') RETURNING part",
        (_text(step.place), step.done, step.total, job.id, job.part),
    )
    if not rows:
        raise Stale
    add(connection, job.kind, [item(job.id, rows[0][0])])


def hold(database: Database, job: Job, holder: UUID) -> bool:
    """Take on the part that is next: who had it before can't go on. Whether it is still next."""
    return bool(
        database.write(
            "UPDATE jobs.job SET holder = %s WHERE id = %s AND part = %s "
            "AND state IN ('waiting', 'running') RETURNING 1",
            (holder, job.id, job.part),
        )
    )


def add_file(connection: Connection, job: UUID, file: File) -> None:
    """A file of a job, with the next number."""
    # Several are added at once while an import takes its files in: one after the other.
    execute(connection, "SELECT FROM jobs.job WHERE id = %s FOR UPDATE", (job,))
    execute(
        connection,
        "INSERT INTO jobs.file (job, number, kind, type, blob, count, size, about) "
        "SELECT %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s, %s, %s "
        "FROM jobs.file WHERE job = %s",
        (job, file.kind, file.type, file.blob, file.count, file.size, file.about, job),
    )


def end(
    target: Connection | Database,
    job: Job,
    state: Literal["done", "failed"],
    *,
    lifetime_seconds: float,
    reason: str | None = None,
) -> bool:
    """There is nothing left to do; its files go when their time is over. Whether it was open."""
    sql = (
        "UPDATE jobs.job SET state = %s, reason = %s, ended = clock_timestamp(), "
        "expires = clock_timestamp() + %s "
        "WHERE id = %s AND part = %s AND state IN ('waiting', 'running') RETURNING 1"
    )
    values = (state, reason, timedelta(seconds=lifetime_seconds), job.id, job.part)
    rows = (
        target.write(sql, values) if isinstance(target, Database) else execute(target, sql, values)
    )
    return bool(rows)


def cancel(database: Database, id_: UUID) -> None:
    """Nobody wants a job any longer, nor its files."""
    database.write(
        "UPDATE jobs.job SET state = 'cancelled', ended = coalesce(ended, clock_timestamp()), "
        "expires = clock_timestamp() WHERE id = %s",
        (id_,),
    )


def expired(database: Database, *, limit: int) -> list[UUID]:
    """Jobs whose time is over."""
    rows = database.read(
        "SELECT id FROM jobs.job WHERE expires <= now() ORDER BY expires LIMIT %s", (limit,)
    )
    return [row[0] for row in rows]


def remove(database: Database, id_: UUID) -> None:
    """Forget a job."""
    database.write("DELETE FROM jobs.job WHERE id = %s", (id_,))


def settled(database: Database, moment: datetime) -> bool:
    """Whether all that has a time up to this one is there to be read.

    A change gets its time before it is committed: those that were under way a second later still
    may have an earlier one. So all that began by then must have ended.
    """
    rows = database.read(
        "SELECT clock_timestamp() > m.until AND NOT EXISTS ("
        "SELECT FROM pg_stat_activity a WHERE a.datname = current_database() "
        "AND a.application_name = 'fhirserver-write' AND a.xact_start <= m.until) "
        "FROM (SELECT %s::timestamptz + interval '1 second' AS until) m",
        (moment,),
    )
    return bool(rows[0][0])


def refer(connection: Connection, job: UUID, found: Sequence[tuple[str, str]]) -> None:
    """Remember what an export's resources refer to, each once."""
    execute(
        connection,
        "INSERT INTO jobs.referred (job, type, id) "
        "SELECT %s, * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING",
        (job, [t for t, _ in found], [i for _, i in found]),
    )


def referred(database: Database, job: UUID, *, limit: int) -> list[tuple[str, str]]:
    """Some of what is referred to and wasn't looked at yet, all of one type."""
    rows = database.read(
        "SELECT type, id FROM jobs.referred WHERE job = %s AND NOT is_done AND type = ("
        "SELECT min(type) FROM jobs.referred WHERE job = %s AND NOT is_done) ORDER BY id LIMIT %s",
        (job, job, limit),
    )
    return [(row[0], row[1]) for row in rows]


def looked_at(connection: Connection, job: UUID, found: Sequence[tuple[str, str]]) -> None:
    """These were looked at."""
    execute(
        connection,
        "UPDATE jobs.referred r SET is_done = true "
        "FROM unnest(%s::text[], %s::text[]) AS n (type, id) "
        "WHERE r.job = %s AND r.type = n.type AND r.id = n.id",
        ([t for t, _ in found], [i for _, i in found], job),
    )


def _job(row: tuple[Any, ...]) -> Job:
    asked, place = row[-2:]
    found = None if place is None else json.parse_object(place.encode())
    values: tuple[Any, ...] = (*row[:-2], json.parse_object(asked.encode()), found)
    return Job(*values)


def _text(value: Mapping[str, Any]) -> str:
    return json.dump(dict(value)).decode()
