"""The steps of the bake-off, each a function that returns a JSON-able result."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from generate import FUNCTIONS, TYPES, Sizes, dimensions
from layouts import OTHERS, fill_main, fill_narrow, fill_ranges, index_main
from measure import lanes, run_forms
from probe import Probe, a, split
from shapes import searches

Connection = psycopg.Connection[Any]
NARROW: Final = ("patient", "encounter", "observation")
OWNER_INDEXES: Final = (
    "CREATE INDEX observation_owner ON observation (owner, updated DESC, key)",
    "CREATE INDEX observation_date_owner ON observation_date (owner, param, low, key)",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every experiment needs: the server, the sizes, how often to measure, and where to say so."""

    dsn: str
    db: Connection
    sizes: Sizes
    runs: int
    say: Callable[[str], None]

    @property
    def observations(self) -> int:
        return self.sizes.of("observation")

    @property
    def batches(self) -> int:
        """Batches of 500 in one write test."""
        return max(3, min(60, self.observations // 20_000))

    @property
    def singles(self) -> int:
        """Single creates in one write test."""
        return max(100, min(3000, self.observations // 100))


def build(bench: Bench) -> dict[str, Any]:
    """Make all tables and the indexes of A and B; return seconds per statement."""
    dsn, sizes = bench.dsn, bench.sizes
    taken: dict[str, float] = {}

    def log(what: str, seconds: float) -> None:
        taken[what] = round(seconds, 2)
        if seconds > 2:
            bench.say(f"{seconds:8.1f} s  {what}")

    bench.db.execute("DROP SCHEMA IF EXISTS bakeoff CASCADE; CREATE SCHEMA bakeoff")
    bench.db.execute(FUNCTIONS)
    bench.db.execute(dimensions(sizes))
    others = [s for kind in OTHERS for s in fill_main(kind, sizes)]
    lanes(dsn, [fill_main("observation", sizes), others], log)
    ranges = [s for kind in TYPES for s in fill_ranges(kind) + index_main(kind, 1000)]
    narrow = [s for kind in NARROW if kind != "observation" for s in fill_narrow(kind)]
    lanes(dsn, [fill_narrow("observation"), [*ranges, *OWNER_INDEXES, *narrow]], log)
    # VACUUM sets the visibility map, as autovacuum would.
    lanes(
        dsn,
        [
            ["VACUUM observation_eq"],
            [
                "VACUUM observation",
                "VACUUM observation_date, observation_quantity, encounter, encounter_eq, patient, patient_eq, patient_date",
                "CHECKPOINT",
            ],
        ],
        log,
    )
    return taken


def table_sizes(db: Connection) -> dict[str, int]:
    sql = "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relnamespace = 'bakeoff'::regnamespace AND relkind IN ('r', 'i')"
    return {str(name): int(size) for name, size in db.execute(sql) if size}


def search(bench: Bench, layouts: str, only: str = "") -> dict[str, Any]:
    """Every shape in every form whose name begins with one of `layouts`."""
    db = bench.db
    db.execute("SET statement_timeout = '10s'")
    results: dict[str, Any] = {}
    for shape, forms in searches(Probe(db, bench.sizes)).items():
        splits = {
            f"S{name[1:]}": (split(sql), parameters)
            for name, (sql, parameters) in forms.items()
            if name[0] == "A" and "cast before" not in name
        }
        chosen = {name: form for name, form in (forms | splits).items() if name[0] in layouts}
        if only not in shape or not chosen:
            continue
        results[shape] = run_forms(db, chosen, bench.runs)
        shown = (
            f"{n}: {t.get('failed') or format(t['median'], '.1f')}"
            for n, t in results[shape].items()
        )
        bench.say(f"{shape}: " + " | ".join(shown))
    db.execute("SET statement_timeout = 0")
    return results


def generic_plans(bench: Bench) -> dict[str, Any]:
    """The same statements, prepared, under a custom and under a generic plan."""
    db = bench.db
    probe = Probe(db, bench.sizes)
    who, code = probe.patient_with_visits(17), probe.code(0)
    statements = {
        "patient + code, newest": a('o."values" @> $1'),
        "patient + code, sort date (join)": a(
            'd.param = 1 AND o."values" @> $1',
            "ORDER BY d.low DESC, d.high DESC, d.key DESC LIMIT 50",
            "observation_date d JOIN observation o ON o.key = d.key",
        ),
    }
    argument = f"ARRAY[{who.subject}, {code.hash}]::int8[]"
    db.execute("SET statement_timeout = '60s'")
    results: dict[str, Any] = {}
    for name, sql in statements.items():
        db.execute(f"PREPARE probe (int8[]) AS {sql}")
        results[name] = {}
        for mode in ("force_custom_plan", "force_generic_plan"):
            db.execute(f"SET plan_cache_mode = {mode}")
            results[name] |= {
                mode: run_forms(db, {mode: (f"EXECUTE probe ({argument})", [])}, bench.runs)[mode]
            }
        db.execute("DEALLOCATE probe")
    db.execute("RESET plan_cache_mode; SET statement_timeout = 0")
    return results


def statistics_target(bench: Bench) -> dict[str, Any]:
    """ANALYZE time, planning time, estimates and latencies at three targets for the array's statistics."""
    db = bench.db
    probe = Probe(db, bench.sizes)
    frequent, medium, rare = probe.code(0), probe.code(250), probe.code(2000)
    heavy, typical = probe.patient(1), probe.patient_with_visits(17)
    final, cancelled = (
        probe.hash("Observation.status", "final"),
        probe.hash("Observation.status", "cancelled"),
    )
    laboratory = probe.hash("Observation.category", "laboratory")
    sets = {
        "frequent + frequent": [final, laboratory],
        "frequent + rare status": [laboratory, cancelled],
        "frequent code": [frequent.hash],
        "medium code": [medium.hash],
        "rare code": [rare.hash],
        "heavy patient": [heavy.subject],
        "heavy patient + frequent code": [heavy.subject, frequent.hash],
        "typical patient": [typical.subject],
        "typical patient + frequent code": [typical.subject, frequent.hash],
    }
    actual = {
        name: db.execute(
            'SELECT count(*) FROM observation WHERE "values" @> %s::int8[]', [h]
        ).fetchone()[0]  # type: ignore[index]
        for name, h in sets.items()
    }
    by_date = (
        'd.param = 1 AND o."values" @> %s::int8[]',
        "ORDER BY d.low DESC, d.high DESC, d.key DESC LIMIT 50",
    )
    drive = "observation_date d JOIN observation o ON o.key = d.key"
    results: dict[str, Any] = {"actual": actual}
    for target in (100, 5000, 1000):  # ends on the target the other steps use
        db.execute(f'ALTER TABLE observation ALTER "values" SET STATISTICS {target}')
        started = time.perf_counter()
        db.execute('ANALYZE observation ("values")')
        analyze = time.perf_counter() - started
        db.execute("SET statement_timeout = '20s'")
        estimate, planning, newest, dated = {}, [], {}, {}
        for name, hashes in sets.items():
            sql = f"EXPLAIN (FORMAT json, SUMMARY) SELECT FROM observation o WHERE {by_date[0].split(' AND ')[1]}"
            for _ in range(5):
                explained = db.execute(sql, [hashes]).fetchone()[0][0]  # type: ignore[index]
                planning.append(explained["Planning Time"])
            estimate[name] = explained["Plan"]["Plan Rows"]
            newest[name] = run_forms(
                db, {"A": (a('o."values" @> %s::int8[]'), [hashes])}, bench.runs
            )["A"]
            dated[name] = run_forms(db, {"A join": (a(*by_date, drive), [hashes])}, bench.runs)[
                "A join"
            ]
        size = db.execute(
            "SELECT sum(pg_column_size(s.*)) FROM pg_statistic s WHERE starelid = 'observation'::regclass AND staattnum = "
            "(SELECT attnum FROM pg_attribute WHERE attrelid = 'observation'::regclass AND attname = 'values')"
        ).fetchone()[0]  # type: ignore[index]
        results[str(target)] = {
            "analyze_s": analyze,
            "planning_ms": statistics.median(planning),
            "statistics_bytes": int(size),
            "estimate": estimate,
            "newest": newest,
            "sort date (join)": dated,
        }
        db.execute("SET statement_timeout = 0")
    return results
