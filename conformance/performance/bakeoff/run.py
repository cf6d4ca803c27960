"""The storage bake-off: hybrid, narrow rows and JSONB on the same mixed data.

    python run.py --rows 100000 --home /some/dir          a minute, on a cluster of its own
    python run.py --rows 10000000 --home /some/dir        an hour, 45 GB of disk
    python run.py --rows 100000 --home /some/dir --dsn postgresql://...   any PostgreSQL 15 or newer

Results are JSON files in HOME/results-ROWS; `report.py` turns them into tables.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any, Final

from cluster import server
from experiments import NARROW, Bench, build, generic_plans, search, statistics_target, table_sizes
from generate import Sizes
from layouts import gin, jsonb_indexes, split_table
from measure import connect, read, save
from psycopg.conninfo import make_conninfo
from write_experiments import (
    complete,
    content_column,
    date_key_index,
    fastupdate,
    layout_writes,
    update_rounds,
    write_paths,
)  # fmt: skip
from writes import Supply, make_updates

STEPS: Final = (
    "build",
    "search",
    "statistics",
    "writes-a",
    "updates-a",
    "writes-b",
    "updates-b",
    "jsonb",
    "split",
)
OPTIONS: Final = (
    "-csearch_path=bakeoff -ctimezone=UTC -cjit=off -cmax_parallel_workers_per_gather=0"
)


def main() -> None:
    arguments = _arguments()
    sizes = Sizes(arguments.rows)
    home: Path = arguments.home / f"results-{arguments.rows}"
    started = time.perf_counter()

    def say(line: str) -> None:
        print(f"{time.perf_counter() - started:7.0f} s  {line}", flush=True)

    with server(arguments.dsn, arguments.home, keep_running=arguments.keep_running) as dsn:
        here = make_conninfo(dsn, options=OPTIONS)
        with connect(here) as db:
            run = Run(
                Bench(here, db, sizes, arguments.runs, say), home, arguments.only, arguments.updates
            )
            for step in arguments.steps.split(","):
                say(f"--- {step}")
                getattr(run, step.replace("-", "_"))()


class Run:
    """The steps in order; each leaves the tables as the next one expects them."""

    def __init__(self, bench: Bench, home: Path, only: str, updates: int) -> None:
        self.bench, self.home, self.db, self.only = bench, home, bench.db, only
        self.updates = min(updates, bench.observations // 6)

    def save(self, name: str, value: Any) -> None:
        save(self.home, name, value)

    def read(self, name: str) -> dict[str, Any]:
        return read(self.home, name)

    def build(self) -> None:
        self.save("build", build(self.bench))
        self.save("sizes", table_sizes(self.db))

    def search(self) -> None:
        if self.only:
            self.save("search-ab", self.read("search-ab") | search(self.bench, "AB", self.only))
            return
        self.save("search-ab", search(self.bench, "AB"))
        self.save("generic", generic_plans(self.bench))

    def statistics(self) -> None:
        self.save("statistics", statistics_target(self.bench))

    def supply(self, tests: int, more: int = 0) -> Supply:
        """Rows for this many write tests."""
        return Supply(
            self.db,
            self.bench.sizes,
            (self.bench.batches * 500 + self.bench.singles) * tests + more,
        )

    def writes_a(self) -> None:
        supply = self.supply(14, 60_000)
        self.save("content", content_column(self.db, supply))
        layout_writes(self.bench, supply, "A")  # warms up, not kept
        self.save("writes-owner", layout_writes(self.bench, supply, "A"))
        self.db.execute("DROP INDEX IF EXISTS observation_owner, observation_date_owner")
        self.save("writes-a", layout_writes(self.bench, supply, "A"))
        self.save("fastupdate", fastupdate(self.bench, supply))
        self.save("paths", write_paths(self.bench, supply))
        self.save("date-key", date_key_index(self.bench, supply))

    def updates_a(self) -> None:
        count = make_updates(self.db, self.updates, first=1)
        self.save("updates-a", update_rounds(self.bench, "A", count))

    def writes_b(self) -> None:
        self.db.execute("DROP INDEX IF EXISTS observation_values")
        supply = self.supply(2)
        self.save("writes-none", layout_writes(self.bench, supply, "none"))
        self.save("writes-b", layout_writes(self.bench, supply, "B"))

    def updates_b(self) -> None:
        count = make_updates(self.db, self.updates, first=2)
        self.save("updates-b", update_rounds(self.bench, "B", count))
        complete(self.db)

    def jsonb(self) -> None:
        self.db.execute("DROP TABLE IF EXISTS observation_eq, encounter_eq, patient_eq")
        supply = self.supply(1)
        took: dict[str, float] = {}
        for statement in [s for kind in NARROW for s in jsonb_indexes(kind)]:
            started = time.perf_counter()
            self.db.execute(statement)
            took[statement] = time.perf_counter() - started
        self.save("writes-c", layout_writes(self.bench, supply, "C"))
        count = make_updates(self.db, self.updates, first=3)
        self.save("updates-c", update_rounds(self.bench, "C", count))
        complete(self.db)
        self.db.execute(gin("observation"))
        self.db.execute("VACUUM ANALYZE observation")
        self.save("build-c", took)
        self.save("sizes-c", table_sizes(self.db))
        self.save("search-ac", search(self.bench, "AC"))

    def split(self) -> None:
        """Layout A once more, with the searched columns in a narrow table of their own."""
        drop = [name for name in table_sizes(self.db) if "content" in name or "expression" in name]
        for name in drop:
            self.db.execute(f"DROP INDEX IF EXISTS {name}")
        took = {}
        for statement in split_table():
            started = time.perf_counter()
            self.db.execute(statement)
            took[statement] = time.perf_counter() - started
        self.save("build-split", took)
        self.save("sizes-split", table_sizes(self.db))
        self.save("search-split", search(self.bench, "AS"))
        supply = self.supply(3)
        layout_writes(self.bench, supply, "A")  # warms up, not kept
        self.save("writes-a2", layout_writes(self.bench, supply, "A"))
        self.db.execute(
            'INSERT INTO observation_index SELECT key, owner, updated, "values" FROM observation o'
            " WHERE NOT EXISTS (SELECT FROM observation_index i WHERE i.key = o.key)"
        )
        # What the split table has, the resource table no longer needs.
        self.db.execute("DROP INDEX observation_values, observation_updated")
        self.save("writes-s", layout_writes(self.bench, supply, "S"))
        count = make_updates(self.db, self.updates, first=4)
        self.save("updates-s", update_rounds(self.bench, "S", count))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="resources of all types together")
    parser.add_argument(
        "--home", type=Path, required=True, help="where the cluster and the results live"
    )
    parser.add_argument(
        "--dsn",
        default=os.environ.get("FHIRSERVER_DATABASE_URL"),
        help="use this server instead of a cluster of its own",
    )
    parser.add_argument("--runs", type=int, default=9, help="timed runs of every search")
    parser.add_argument("--steps", default=",".join(STEPS), help=f"which of {', '.join(STEPS)}")
    parser.add_argument(
        "--only", default="", help="step search: just the shapes whose name contains this"
    )
    parser.add_argument(
        "--updates", type=int, default=100_000, help="resources to update in each layout"
    )
    parser.add_argument(
        "--keep-running", action="store_true", help="leave the cluster up for the next call"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
