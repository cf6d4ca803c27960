"""The write path: batches of 500 by unnest and by COPY, single creates, updates that write the difference."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import psycopg
from generate import Sizes, rows
from layouts import CREATE_DATE, CREATE_QUANTITY, create_main, dates_of, quantities_of
from measure import BackendCPU, percentile

Layout = Literal["none", "A", "B", "C", "S"]
BATCH: Final = 500

MAIN: Final = (
    "INSERT INTO observation SELECT k, i, s, o, clock_timestamp(), v::int8[], c::jsonb"
    " FROM unnest(%b::int8[], %b::text[], %b::int8[], %b::int8[], %b::text[], %b::text[]) x (k, i, s, o, v, c)"
)
DATE: Final = "INSERT INTO observation_date SELECT * FROM unnest(%b::int4[], %b::int8[], %b::int8[], %b::int8[], %b::int8[])"
QUANTITY: Final = "INSERT INTO observation_quantity SELECT * FROM unnest(%b::int4[], %b::int8[], %b::float8[], %b::float8[], %b::int8[], %b::int8[])"
NARROW: Final = "INSERT INTO observation_eq SELECT h, clock_timestamp(), k FROM unnest(%b::int8[], %b::int8[]) x (h, k)"

SPLIT: Final = (
    "INSERT INTO observation_index SELECT k, o, clock_timestamp(), v::int8[]"
    " FROM unnest(%b::int8[], %b::int8[], %b::text[]) x (k, o, v)"
)

SINGLE: Final = """
WITH m AS (INSERT INTO observation VALUES (%(key)s, %(id)s, %(self)s, %(owner)s, clock_timestamp(), %(values)b::int8[], %(content)b::jsonb)),
     d AS (INSERT INTO observation_date SELECT * FROM unnest(%(d0)b::int4[], %(d1)b::int8[], %(d2)b::int8[], %(d3)b::int8[], %(d4)b::int8[])),
     q AS (INSERT INTO observation_quantity
           SELECT * FROM unnest(%(q0)b::int4[], %(q1)b::int8[], %(q2)b::float8[], %(q3)b::float8[], %(q4)b::int8[], %(q5)b::int8[]))
SELECT 1"""
SINGLE_NARROW: Final = SINGLE.replace(
    "\nSELECT 1",
    ",\n     n AS (INSERT INTO observation_eq SELECT h, clock_timestamp(), %(key)s FROM unnest(%(hashes)b::int8[]) h)\nSELECT 1",
)
SINGLE_SPLIT: Final = SINGLE.replace("%(values)b::int8[]", "NULL").replace(
    "\nSELECT 1",
    ",\n     n AS (INSERT INTO observation_index VALUES (%(key)s, %(owner)s, clock_timestamp(), %(values)b::int8[]))\nSELECT 1",
)
SINGLE_MAIN: Final = SINGLE.split(",\n     d AS")[0] + "\nSELECT 1"


@dataclass(frozen=True, slots=True)
class Row:
    """One new Observation with everything its indexes need."""

    key: int
    id: str
    self: int
    owner: int
    values: list[int]
    content: str
    dates: list[tuple[Any, ...]]
    quantities: list[tuple[Any, ...]]


class Supply:
    """New Observations beyond those already stored, made by the generator and handed out in order."""

    def __init__(self, db: psycopg.Connection[Any], sizes: Sizes, count: int) -> None:
        self._db = db
        first = int(db.execute("SELECT max(key) + 1 FROM observation").fetchone()[0])  # type: ignore[index]
        self._next, self._end = first, first + count
        db.execute("DROP TABLE IF EXISTS stage, stage_date, stage_quantity")
        select = (
            rows("observation", sizes)
            .replace("{lo}", str(first))
            .replace("{hi}", str(self._end - 1))
        )
        db.execute(create_main("stage"))
        db.execute(f"INSERT INTO stage {select}")
        db.execute(
            f"{CREATE_DATE.format(t='stage_date')}; INSERT INTO stage_date {dates_of('observation', 'stage')}"
        )
        db.execute(
            f"{CREATE_QUANTITY.format(t='stage_quantity')}; INSERT INTO stage_quantity {quantities_of('stage')}"
        )
        for table in ("stage", "stage_date", "stage_quantity"):
            db.execute(f"CREATE INDEX ON {table} (key)")

    def take(self, count: int) -> list[Row]:
        low, self._next = self._next, self._next + count
        if self._next > self._end:
            raise RuntimeError("the stage is used up: ask Supply for more rows")
        between = "WHERE key >= %s AND key < %s ORDER BY key"
        dates: dict[int, list[tuple[Any, ...]]] = {}
        quantities: dict[int, list[tuple[Any, ...]]] = {}
        for row in self._db.execute(f"SELECT * FROM stage_date {between}", (low, self._next)):
            dates.setdefault(row[3], []).append(row)
        for row in self._db.execute(f"SELECT * FROM stage_quantity {between}", (low, self._next)):
            quantities.setdefault(row[4], []).append(row)
        main = self._db.execute(
            f'SELECT key, id, self, owner, "values", content::text FROM stage {between}',
            (low, self._next),
        )
        return [
            Row(key, name, own, owner, values, content, dates.get(key, []), quantities.get(key, []))
            for key, name, own, owner, values, content in main
        ]


def batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def array(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return (
        [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
    )


def unnest_statements(rows: Sequence[Row], layout: Layout) -> list[tuple[str, list[Any]]]:
    """One statement per table."""
    values = [array(r.values) if layout == "A" else None for r in rows]
    main = [
        [r.key for r in rows],
        [r.id for r in rows],
        [r.self for r in rows],
        [r.owner for r in rows],
        values,
        [r.content for r in rows],
    ]
    made: list[tuple[str, list[Any]]] = [(MAIN, main)]
    if layout != "C":
        made.append((DATE, columns([d for r in rows for d in r.dates], 5)))
        made.append((QUANTITY, columns([q for r in rows for q in r.quantities], 6)))
    if layout == "S":
        indexed = [[r.key for r in rows], [r.owner for r in rows], [array(r.values) for r in rows]]
        made.append((SPLIT, indexed))
    if layout == "B":
        pairs = [(h, r.key) for r in rows for h in r.values]
        made.append((NARROW, columns(pairs, 2)))
    return made


def unnest_batch(db: psycopg.Connection[Any], rows: Sequence[Row], layout: Layout) -> float:
    """Write one batch in one transaction; return the seconds the database took."""
    statements = unnest_statements(rows, layout)
    started = time.perf_counter()
    with db.transaction():
        for sql, parameters in statements:
            db.execute(sql, parameters)
    return time.perf_counter() - started


def copy_batch(db: psycopg.Connection[Any], rows: Sequence[Row], layout: Layout) -> float:
    """The same through COPY, from blocks of text made beforehand (layout A)."""

    def block(lines: Sequence[Sequence[Any]]) -> str:
        return "".join("\t".join(map(str, line)) + "\n" for line in lines)

    now = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime())
    blocks = {
        "observation": block(
            [
                (
                    r.key,
                    r.id,
                    r.self,
                    r.owner,
                    now,
                    array(r.values),
                    r.content.replace("\\", "\\\\"),
                )
                for r in rows
            ]
        ),
        "observation_date": block([d for r in rows for d in r.dates]),
        "observation_quantity": block([q for r in rows for q in r.quantities]),
    }
    started = time.perf_counter()
    with db.transaction(), db.cursor() as cursor:
        for table, text in blocks.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(text)
    return time.perf_counter() - started


def single(row: Row, layout: Layout) -> tuple[str, dict[str, Any]]:
    """The whole create as one statement."""
    parameters: dict[str, Any] = {
        "key": row.key, "id": row.id, "self": row.self, "owner": row.owner, "content": row.content,
        "values": array(row.values) if layout in "AS" else None, "hashes": row.values,
    }  # fmt: skip
    parameters |= {f"d{n}": column for n, column in enumerate(columns(row.dates, 5))}
    parameters |= {f"q{n}": column for n, column in enumerate(columns(row.quantities, 6))}
    statement = {
        "A": SINGLE,
        "none": SINGLE,
        "S": SINGLE_SPLIT,
        "B": SINGLE_NARROW,
        "C": SINGLE_MAIN,
    }
    return statement[layout], parameters


def load(
    db: psycopg.Connection[Any],
    rows: Sequence[Row],
    layout: Layout,
    write: Callable[..., float] = unnest_batch,
) -> dict[str, Any]:
    """Write all rows in batches of 500 on one connection."""
    cpu = BackendCPU(db)
    before = cpu.now()
    taken = [write(db, batch, layout) for batch in batches(rows)]
    return {
        "rows": len(rows),
        "rows_per_s": len(rows) / sum(taken),
        "cpu_us_per_row": (cpu.now() - before) * 1000 / len(rows),
        "batch_p50_ms": percentile(taken, 0.5) * 1000,
        "batch_p99_ms": percentile(taken, 0.99) * 1000,
        "batch_max_ms": max(taken) * 1000,
    }


def singles(db: psycopg.Connection[Any], rows: Sequence[Row], layout: Layout) -> dict[str, Any]:
    """Create one by one, each its own transaction. The statement is prepared: an INSERT has one plan."""
    cpu = BackendCPU(db)
    statements = [single(row, layout) for row in rows]
    before = cpu.now()
    taken = []
    for sql, parameters in statements:
        started = time.perf_counter()
        db.execute(sql, parameters, prepare=True)
        taken.append(time.perf_counter() - started)
    return {
        "rows": len(rows),
        "rows_per_s": len(rows) / sum(taken),
        "cpu_us_per_row": (cpu.now() - before) * 1000 / len(rows),
        "p50_ms": percentile(taken, 0.5) * 1000,
        "p99_ms": percentile(taken, 0.99) * 1000,
        "max_ms": max(taken) * 1000,
    }


def many_writers(
    connect: Callable[[], psycopg.Connection[Any]],
    rows: Sequence[Row],
    layout: Layout,
    writers: int = 4,
) -> dict[str, Any]:
    """The same from several connections at once."""
    results: list[dict[str, Any]] = []

    def write(mine: Sequence[Row]) -> None:
        with connect() as db:
            results.append(singles(db, mine, layout))

    threads = [threading.Thread(target=write, args=(rows[n::writers],)) for n in range(writers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "rows_per_s": len(rows) / (time.perf_counter() - started),
        "p50_ms": percentile([r["p50_ms"] for r in results], 0.5),
        "p99_ms": max(r["p99_ms"] for r in results),
        "max_ms": max(r["max_ms"] for r in results),
    }


# --- updates -------------------------------------------------------------------------------------

UPDATE_HISTORY: Final = "INSERT INTO observation_history SELECT key, updated, content FROM observation WHERE key = ANY(%b::int8[])"
UPDATE_MAIN: Final = (
    'UPDATE observation o SET updated = clock_timestamp(), "values" = CASE WHEN v IS NULL THEN o."values" ELSE v::int8[] END, content = c::jsonb'
    " FROM unnest(%b::int8[], %b::text[], %b::text[]) x (k, v, c) WHERE o.key = x.k"
)
UPDATE_CONTENT: Final = "UPDATE observation o SET content = c::jsonb FROM unnest(%b::int8[], %b::text[]) x (k, c) WHERE o.key = x.k"
UPDATE_SPLIT: Final = (
    'UPDATE observation_index o SET updated = clock_timestamp(), "values" = v::int8[]'
    " FROM unnest(%b::int8[], %b::text[]) x (k, v) WHERE o.key = x.k"
)
UPDATE_NARROW: Final = (
    "UPDATE observation_eq SET updated = clock_timestamp() WHERE key = ANY(%b::int8[])"
)
DELETE_NARROW: Final = "DELETE FROM observation_eq e USING unnest(%b::int8[], %b::int8[]) x (h, k) WHERE e.key = x.k AND e.hash = x.h"
DELETE_QUANTITY: Final = "DELETE FROM observation_quantity WHERE key = ANY(%b::int8[])"


def make_updates(db: psycopg.Connection[Any], count: int, first: int) -> int:
    """Stage updates of `count` Observations spread over the table, from key `first` on: the status changes in all, the value in a fifth of them."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS observation_history (key int8, updated timestamptz, content jsonb, PRIMARY KEY (key, updated))"
    )
    db.execute("DROP TABLE IF EXISTS change")
    db.execute(
        f"""
CREATE TABLE change AS
SELECT row_number() OVER (ORDER BY hashint8(key)) AS n, key, old_values, new_values, content::text AS content, valued, value
FROM (SELECT key, ARRAY(SELECT unnest(s.before) EXCEPT SELECT unnest(s.after)) AS old_values,
             ARRAY(SELECT unnest(s.after) EXCEPT SELECT unnest(s.before)) AS new_values,
             jsonb_set(jsonb_set(content, '{{status}}', '"corrected"'), '{{meta,versionId}}', '"2"') AS content,
             mod(key, 5) = 0 AND content ? 'valueQuantity' AS valued, (content#>>'{{valueQuantity,value}}')::float8 + 1 AS value
      FROM observation,
           LATERAL (SELECT tok('Observation.status', 'http://hl7.org/fhir/observation-status', content->>'status') AS before,
                           tok('Observation.status', 'http://hl7.org/fhir/observation-status', 'corrected') AS after) s
      WHERE key IN (SELECT {first} + i * (SELECT max(key) / {count} FROM observation) FROM generate_series(0, {count} - 1) i)) x"""
    )
    db.execute("CREATE UNIQUE INDEX ON change (n)")
    return int(db.execute("SELECT count(*) FROM change").fetchone()[0])  # type: ignore[index]


def updates(db: psycopg.Connection[Any], count: int, layout: Layout) -> dict[str, Any]:
    """Apply the staged updates in batches of 500: the resource row, its history row, and only the index rows that differ."""
    cpu = BackendCPU(db)
    used, taken, total = 0.0, [], 0
    for start in range(0, count, BATCH):
        between = (start, min(start + BATCH, count))
        staged = db.execute(
            "SELECT key, old_values, new_values, content, valued, value FROM change WHERE n > %s AND n <= %s",
            between,
        ).fetchall()
        keys = [row[0] for row in staged]
        current: dict[int, list[int]] = {}
        if layout in "AS":  # the server has the old row in hand when it updates
            table = "observation" if layout == "A" else "observation_index"
            sql = f'SELECT key, "values" FROM {table} WHERE key = ANY(%s)'
            current = dict(db.execute(sql, [keys]).fetchall())
        values = [
            array([v for v in current[r[0]] if v not in r[1]] + r[2]) if layout in "AS" else None
            for r in staged
        ]
        contents = [r[3] for r in staged]
        statements: list[tuple[str, list[Any]]] = [
            (UPDATE_HISTORY, [keys]),
            (UPDATE_MAIN, [keys, values, contents]),
        ]
        if layout == "S":
            statements[1:] = [(UPDATE_CONTENT, [keys, contents]), (UPDATE_SPLIT, [keys, values])]
        if layout != "C":
            valued = [r for r in staged if r[4]]
            statements.append((DELETE_QUANTITY, [[r[0] for r in valued]]))
            new = [(p, 0, r[5] - 0.05, r[5] + 0.05, r[0], 0) for r in valued for p in (1, 2)]
            statements.append((QUANTITY, columns(new, 6)))
        if layout == "B":
            old = [(h, r[0]) for r in staged for h in r[1]]
            fresh = [(h, r[0]) for r in staged for h in r[2]]
            statements += [
                (DELETE_NARROW, columns(old, 2)),
                (UPDATE_NARROW, [keys]),
                (NARROW, columns(fresh, 2)),
            ]
        before, started = cpu.now(), time.perf_counter()
        with db.transaction():
            for sql, parameters in statements:
                db.execute(sql, parameters)
        taken.append(time.perf_counter() - started)
        used += cpu.now() - before
        total += len(staged)
    return {
        "rows": total,
        "rows_per_s": total / sum(taken),
        "cpu_us_per_row": used * 1000 / max(total, 1),
        "batch_p50_ms": percentile(taken, 0.5) * 1000,
        "batch_p99_ms": percentile(taken, 0.99) * 1000,
    }
