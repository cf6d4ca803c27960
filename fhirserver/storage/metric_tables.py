"""A metric's figures: rows of views in tables of one transaction, and a reviewed statement on them.

The tables are temporary: they are gone when the transaction ends, and nobody else sees them. The
statements come with the server (profiles/measures), never from a client; they run read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, LiteralString

from psycopg import sql

from fhirserver.storage.database import Connection, Database, Rows, execute

Kind = str
KINDS: Final[Mapping[str, LiteralString]] = {
    "text": 'text COLLATE "C"',
    "boolean": "boolean",
    "number": "numeric",
    "time": "timestamptz",
}


KEYS: Final = frozenset({"id", "encounter", "stay", "patient", "place", "part_of", "ordered_by"})
"""Columns by which tables are joined: each has an index, or a year of orders would take hours."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be filled: its columns with their kinds, and its rows as they come."""

    columns: Sequence[tuple[str, Kind]]
    rows: Iterable[Sequence[str | bool | Decimal | int | datetime | None]]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a report is about, up to `ends` (not included); `as_of` is now."""

    starts: datetime
    ends: datetime
    as_of: datetime
    zone: str


def figures(
    database: Database,
    span: Span,
    tables: Mapping[str, Table],
    derived: Mapping[str, str],
    facts: str,
    *,
    clinician: str | None = None,
    listed: int = 0,
) -> tuple[Rows, Rows]:
    """The figures of a metric: as a whole, by day, by ward, by clinician; and their facts.

    Each has its kind of group ('', 'day', 'ward', 'clinician') and the group, the number of facts,
    the sums of `value` and `out_of`, and the mean, the median and the 90th percentile of `value`.
    `derived` are tables made of others, in their order. Of the facts themselves at most `listed`
    come: day, ward, clinician, `value`, and the keys of the resources that the fact is about.
    """
    with database.transaction() as connection:
        execute(connection, _SETTINGS)
        _fill(connection, "period", Table(
            (("starts", "time"), ("ends", "time"), ("as_of", "time"), ("zone", "text")),
            [(span.starts, span.ends, span.as_of, span.zone)],
        ))  # fmt: skip
        for name, table in tables.items():
            _fill(connection, name, table)
        for name, statement in (*derived.items(), ("facts", facts)):
            _derive(connection, name, statement)
        execute(connection, "SET TRANSACTION READ ONLY")
        # Its tables are others each time, so no plan of it may be kept.
        grouped = execute(connection, _GROUPED, (clinician, clinician), prepare=False)
        if not listed:
            return grouped, []
        return grouped, execute(connection, _LISTED, (clinician, clinician, listed), prepare=False)


def _fill(connection: Connection, name: str, table: Table) -> None:
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(KINDS[kind]))
        for n, kind in table.columns
    )
    target = sql.Identifier("pg_temp", name)
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(
            sql.Identifier(name), columns
        )
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} FROM STDIN").format(target)) as copy,
    ):
        for row in table.rows:
            copy.write_row(row)
    _prepare(connection, name, [n for n, _ in table.columns])


def _derive(connection: Connection, name: str, statement: str) -> None:
    """A table of what a statement of the server's own content selects."""
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS {}").format(
            sql.Identifier(name), sql.SQL(statement)
        )
    )
    cursor = connection.execute(
        sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier("pg_temp", name)),
        prepare=False,
    )
    _prepare(connection, name, [c.name for c in cursor.description or ()])


def _prepare(connection: Connection, name: str, columns: Sequence[str]) -> None:
    """Indexes on what is joined by, and statistics."""
    target = sql.Identifier("pg_temp", name)
    for column in columns:
        if column in KEYS:
            connection.execute(
                sql.SQL("CREATE INDEX ON {} ({})").format(target, sql.Identifier(column))
            )
    connection.execute(sql.SQL("ANALYZE {}").format(target))


# The connection is set up for small writes by keys.
_SETTINGS: Final = (
    "SELECT set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'auto', true), "
    "set_config('work_mem', '64MB', true)"
)

_GROUPED: Final = """
SELECT CASE WHEN grouping(day) = 0 THEN 'day' WHEN grouping(ward) = 0 THEN 'ward'
         WHEN grouping(clinician) = 0 THEN 'clinician' ELSE '' END AS kind,
       CASE WHEN grouping(day) = 0 THEN day::text WHEN grouping(ward) = 0 THEN ward
         WHEN grouping(clinician) = 0 THEN clinician END AS member,
       count(*), coalesce(sum(value), 0), coalesce(sum(out_of), 0), avg(value),
       (percentile_cont(0.5) WITHIN GROUP (ORDER BY value))::numeric,
       (percentile_cont(0.9) WITHIN GROUP (ORDER BY value))::numeric
FROM pg_temp.facts
WHERE %s::text IS NULL OR clinician = %s
GROUP BY GROUPING SETS ((), (day), (ward), (clinician))
ORDER BY 1, 2 NULLS LAST"""

_LISTED: Final = """
SELECT day::text, ward, clinician, value, sources
FROM pg_temp.facts
WHERE (%s::text IS NULL OR clinician = %s) AND cardinality(sources) > 0
ORDER BY day, ward NULLS LAST, sources
LIMIT %s"""


def kept(value: Any) -> Any:
    """A value as COPY takes it: no NUL, which PostgreSQL's text can't hold."""
    return value.replace("\x00", "") if isinstance(value, str) else value
