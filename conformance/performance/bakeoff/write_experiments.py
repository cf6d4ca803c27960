"""The write side of the bake-off: pending lists, write paths, the second date index, updates, the content column."""

from __future__ import annotations

import statistics
import time
from typing import Any

from experiments import Bench, Connection, search, table_sizes
from measure import connect, percentile, run_forms
from probe import Probe, a
from writes import Layout, Row, Supply, copy_batch, load, many_writers, singles, updates


def pending(db: Connection) -> int:
    return int(db.execute("SELECT gin_clean_pending_list('observation_values')").fetchone()[0])  # type: ignore[index]


def fastupdate(bench: Bench, supply: Supply) -> dict[str, Any]:
    """Writes and the searches right after them, with the pending list off and at three limits."""
    db = bench.db
    results: dict[str, Any] = {}
    probe = Probe(db, bench.sizes)
    who, rare = probe.patient_with_visits(17), probe.code(2000)
    forms = {
        "patient + rare code": (a('o."values" @> %s::int8[]'), [[who.subject, rare.hash]]),
        "rare code": (a('o."values" @> %s::int8[]'), [[rare.hash]]),
    }
    rows_per_page = 8.0
    for name, options in {
        "off": "fastupdate = off",
        "256 kB": "fastupdate = on, gin_pending_list_limit = 256",
        "1 MB": "fastupdate = on, gin_pending_list_limit = 1024",
        "4 MB": "fastupdate = on, gin_pending_list_limit = 4096",
    }.items():
        db.execute(f"ALTER INDEX observation_values SET ({options})")
        pending(db)
        result: dict[str, Any] = {"load": load(db, supply.take(bench.batches * 500), "A")}
        result["single"] = singles(db, supply.take(bench.singles), "A")
        result["four writers"] = many_writers(
            lambda: connect(bench.dsn), supply.take(bench.singles), "A"
        )
        if name != "off":
            pending(db)
            load(db, supply.take(250), "A")
            rows_per_page = 250 / max(pending(db), 1)
            limit_kb = {"256 kB": 256, "1 MB": 1024, "4 MB": 4096}[name]
            load(db, supply.take(int(limit_kb / 8 * rows_per_page * 0.9)), "A")
        result["search with the list nearly full"] = run_forms(db, forms, bench.runs)
        started = time.perf_counter()
        result["pages cleaned"] = pending(db)
        result["cleaning_ms"] = (time.perf_counter() - started) * 1000
        result["search after cleaning"] = run_forms(db, forms, bench.runs)
        results[name] = result
        bench.say(
            f"fastupdate {name}: {result['load']['rows_per_s']:.0f} rows/s, single p50 {result['single']['p50_ms']:.2f} p99 {result['single']['p99_ms']:.2f}"
        )
    db.execute("ALTER INDEX observation_values SET (fastupdate = off)")
    db.execute("ALTER INDEX observation_values RESET (gin_pending_list_limit)")
    return results


def write_paths(bench: Bench, supply: Supply) -> dict[str, Any]:
    """unnest, COPY and single statements, in turn, with fastupdate off."""
    results: dict[str, list[dict[str, Any]]] = {
        "unnest of 500": [],
        "COPY of 500": [],
        "single statement": [],
    }
    batches, creates = bench.batches // 3 * 500, bench.singles // 3
    for _ in range(3):
        results["unnest of 500"].append(load(bench.db, supply.take(batches), "A"))
        results["COPY of 500"].append(load(bench.db, supply.take(batches), "A", copy_batch))
        results["single statement"].append(singles(bench.db, supply.take(creates), "A"))
    return {name: _middle(runs) for name, runs in results.items()}


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def date_key_index(bench: Bench, supply: Supply) -> dict[str, Any]:
    """Date rows with the covering (key, param, low, high) B-tree, with a plain (key) one, and with none."""
    db = bench.db
    results: dict[str, Any] = {}
    variants = {
        "(key, param, low, high)": "CREATE INDEX observation_date_key ON observation_date (key, param, low, high)",
        "(key)": "CREATE INDEX observation_date_key ON observation_date (key)",
        "none": "SELECT 1",
    }
    for name, create in variants.items():
        db.execute("DROP INDEX IF EXISTS observation_date_key")
        db.execute(create)
        written = load(db, supply.take(bench.batches * 500), "A")
        db.execute("VACUUM ANALYZE observation_date")
        results[name] = {
            "load": written,
            "bytes": table_sizes(db).get("observation_date_key", 0),
            "search": {
                shape: found
                for only in ("typical patient + code, sort", "medium code, sort", "frequent code + month", "medium code + month")
                for shape, found in search(bench, "A", only).items()
            } if name != "none" else {},
        }  # fmt: skip
    db.execute(variants["(key, param, low, high)"])
    return results


def update_rounds(bench: Bench, layout: Layout, count: int) -> dict[str, Any]:
    """Apply updates, then look at bloat and at what VACUUM gives back."""
    db = bench.db
    db.execute("TRUNCATE observation_history")
    before = table_sizes(db)
    written = updates(db, count, layout)
    after = table_sizes(db)
    only = "medium code, newest"
    found = search(bench, layout, only)
    started = time.perf_counter()
    db.execute(
        "VACUUM (ANALYZE off) observation"
        + {"B": ", observation_eq", "S": ", observation_index"}.get(layout, "")
        + ", observation_quantity"
    )
    vacuum = time.perf_counter() - started
    return {
        "updates": written,
        "grown_bytes": {
            n: after[n] - before.get(n, 0)
            for n in after
            if after[n] != before.get(n, 0) and "history" not in n
        },
        "search before vacuum": found,
        "vacuum_s": vacuum,
        "search after vacuum": search(bench, layout, only),
    }


def content_column(db: Connection, supply: Supply) -> dict[str, Any]:
    """jsonb against text for the stored resource: 1 kB and 8 kB documents."""
    rows = supply.take(5000)
    results: dict[str, Any] = {}
    for size in ("1 kB", "8 kB"):
        documents = [r.content if size == "1 kB" else _larger(rows, n) for n, r in enumerate(rows)]
        for kind in ("jsonb", "text"):
            db.execute("DROP TABLE IF EXISTS document")
            db.execute(f"CREATE TABLE document (key int8 PRIMARY KEY, content {kind})")
            written = []
            for start in range(0, len(rows), 500):
                part = slice(start, start + 500)
                parameters = [[r.key for r in rows[part]], documents[part]]
                started = time.perf_counter()
                db.execute(
                    f"INSERT INTO document SELECT k, c::{kind} FROM unnest(%b::int8[], %b::text[]) x (k, c)",
                    parameters,
                )
                written.append((time.perf_counter() - started) * 1000)
            read = []
            for n in range(200):
                keys = [r.key for r in rows[n * 20 : n * 20 + 50]]
                started = time.perf_counter()
                db.execute(
                    "SELECT content::text FROM document WHERE key = ANY(%s::int8[])",
                    [keys],
                    binary=True,
                ).fetchall()
                read.append((time.perf_counter() - started) * 1000)
            total = db.execute("SELECT pg_total_relation_size('document')").fetchone()[0]  # type: ignore[index]
            results[f"{size} {kind}"] = {
                "write_us_per_row": percentile(written, 0.5) * 2,
                "read_50_ms": percentile(read, 0.5),
                "bytes_per_row": total / len(rows),
            }
    db.execute("DROP TABLE document")
    return results


def _larger(rows: list[Row], start: int) -> str:
    """A Bundle-like document of eight different Observations."""
    return (
        '{"resourceType":"Bundle","entry":['
        + ",".join(rows[(start + n) % len(rows)].content for n in range(8))
        + "]}"
    )


def layout_writes(bench: Bench, supply: Supply, layout: Layout) -> dict[str, Any]:
    return {
        "load": load(bench.db, supply.take(bench.batches * 500), layout),
        "single": singles(bench.db, supply.take(bench.singles), layout),
    }


def complete(db: Connection) -> None:
    """Give rows that another layout wrote or updated their `values`, so that all layouts search the same rows."""
    db.execute(
        'UPDATE observation o SET "values" = s."values" FROM stage s WHERE s.key = o.key AND o."values" IS NULL'
    )
    db.execute(
        'UPDATE observation o SET "values" = ARRAY(SELECT unnest(o."values") EXCEPT SELECT unnest(c.old_values)) || c.new_values'
        ' FROM change c WHERE c.key = o.key AND NOT o."values" @> c.new_values'
    )
