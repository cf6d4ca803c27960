"""The lines of an import: which are stored, and which were refused and why.

A line is noted in the transaction that stores it, and only by who holds the job's next part: so
whoever is late, because somebody else has taken over the part, stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.jobs import Job
from fhirserver.storage.versions import array

Lines = Mapping[int, Sequence[int]]
"""Numbers of lines by the number of their input."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that isn't stored; `waits` says that it may be when others are."""

    input: int
    line: int
    start: int
    length: int
    waits: bool
    outcome: str


def note_stored(database: Database, job: Job, holder: UUID, lines: Lines) -> bool:
    """Note these lines in the transaction under way; whether they are still the holder's.

    The job's row stays locked until the commit, which is the next thing to come.
    """
    count = sum(map(len, lines.values()))
    rows = database.write(
        "WITH held AS (UPDATE jobs.job SET done = done + %s WHERE id = %s AND part = %s "
        "AND holder = %s AND state IN ('waiting', 'running') RETURNING id) "
        "INSERT INTO jobs.stored_lines (job, input, lines) "
        "SELECT held.id, n.input, n.lines::int8[] FROM held, unnest(%s::int4[], %s::text[]) "
        "AS n (input, lines) RETURNING 1",
        (count, job.id, job.part, holder, list(lines), [array(n) for n in lines.values()]),
    )
    return len(rows) == len(lines)


def stored(database: Database, job: UUID) -> frozenset[tuple[int, int]]:
    """The lines of the part under way that are stored already, each with its input."""
    rows = database.read(
        "SELECT input, unnest(lines) FROM jobs.stored_lines WHERE job = %s", (job,)
    )
    return frozenset((row[0], row[1]) for row in rows)


def end_part(connection: Connection, job: UUID, refused: Sequence[Refused], round_: int) -> None:
    """Note what was refused in a part; what it has stored needs no note any more."""
    execute(connection, "DELETE FROM jobs.stored_lines WHERE job = %s", (job,))
    if not refused:
        return
    execute(
        connection,
        "INSERT INTO jobs.refused_line (job, round, input, line, start, length, waits, outcome) "
        "SELECT %s, %s, * FROM unnest(%s::int4[], %s::int8[], %s::int8[], %s::int4[], "
        "%s::boolean[], %s::text[]) ON CONFLICT (job, input, line) DO UPDATE "
        "SET round = excluded.round, waits = excluded.waits, outcome = excluded.outcome",
        (
            job,
            round_,
            [r.input for r in refused],
            [r.line for r in refused],
            [r.start for r in refused],
            [r.length for r in refused],
            [r.waits for r in refused],
            [r.outcome for r in refused],
        ),
    )


def forget_refused(connection: Connection, job: UUID, input_: int, lines: Sequence[int]) -> None:
    """These lines of an input are stored after all."""
    execute(
        connection,
        "DELETE FROM jobs.refused_line WHERE job = %s AND input = %s AND line = ANY(%s::int8[])",
        (job, input_, array(lines)),
    )


def waiting(database: Database, job: UUID, *, before: int, limit: int) -> list[Refused]:
    """Lines of one input that may be stored now, and weren't tried in this round."""
    rows = database.read(
        "SELECT input, line, start, length, waits, outcome FROM jobs.refused_line r "
        "WHERE job = %(job)s AND waits AND round < %(before)s AND input = ("
        "SELECT min(input) FROM jobs.refused_line WHERE job = %(job)s AND waits "
        "AND round < %(before)s) ORDER BY line LIMIT %(limit)s",
        {"job": job, "before": before, "limit": limit},
    )
    return [Refused(*row) for row in rows]


def outcomes(database: Database, job: UUID, input_: int) -> Iterator[list[str]]:
    """What is told of the lines of an input, in their order."""
    for rows in database.stream(
        "SELECT outcome FROM jobs.refused_line WHERE job = %s AND input = %s ORDER BY line",
        (job, input_),
        at_once=1_000,
        seconds=60,
    ):
        yield [row[0] for row in rows]
