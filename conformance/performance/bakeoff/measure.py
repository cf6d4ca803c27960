"""Timing: interleaved rounds, medians, and the CPU time of the serving backend where the machine lets us see it."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

TICK = os.sysconf("SC_CLK_TCK")


def connect(dsn: str, **options: Any) -> psycopg.Connection[Any]:
    """A connection whose statements are never prepared, so each run is planned for its own values."""
    return psycopg.connect(dsn, autocommit=True, prepare_threshold=None, **options)


def lanes(dsn: str, work: Sequence[Sequence[str]], log: Callable[[str, float], None]) -> None:
    """Run lists of statements side by side, each list in order on its own connection."""

    def lane(statements: Sequence[str]) -> None:
        with connect(dsn) as db:
            for statement in statements:
                started = time.perf_counter()
                db.execute(statement)
                log(" ".join(statement.split())[:110], time.perf_counter() - started)

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(lane, statements) for statements in work]:
            done.result()


@dataclass(slots=True)
class Timing:
    """Milliseconds of one form of one search."""

    rows: int = 0
    answer: int = 0
    runs: list[float] = field(default_factory=list)
    failed: str = ""
    plan: str = ""

    def summary(self) -> dict[str, Any]:
        if self.failed:
            return {"failed": self.failed, "plan": self.plan}
        return {
            "rows": self.rows,
            "answer": self.answer,
            "runs": len(self.runs),
            "median": statistics.median(self.runs),
            "p95": percentile(self.runs, 0.95),
            "plan": self.plan,
        }


def percentile(values: Sequence[float], q: float) -> float:
    """The nearest-rank percentile; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


def run_forms(
    db: psycopg.Connection[Any],
    forms: Mapping[str, tuple[str, Sequence[Any]]],
    runs: int,
    slow_ms: float = 1500.0,
) -> dict[str, dict[str, Any]]:
    """Run every form of one search in turn, `runs` rounds after one warm-up; forms slower than `slow_ms` get three rounds."""
    timings = {name: Timing() for name in forms}
    for number in range(runs + 1):
        for name, (sql, parameters) in forms.items():
            timing = timings[name]
            if timing.failed or (len(timing.runs) >= 3 and min(timing.runs) > slow_ms):
                continue
            started = time.perf_counter()
            try:
                rows = db.execute(sql, parameters, binary=True).fetchall()
            except psycopg.errors.QueryCanceled:
                # The first run may only have been cold; a second time-out is an answer.
                if number:
                    timing.failed = f"> {time.perf_counter() - started:.0f} s"
                continue
            taken = (time.perf_counter() - started) * 1000
            timing.rows = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else len(rows)
            timing.answer = hash(tuple(sorted(row[0] for row in rows)))
            if number or taken > slow_ms:
                timing.runs.append(taken)
    for name, (sql, parameters) in forms.items():
        timings[name].plan = plan(db, sql, parameters)
    return {name: timing.summary() for name, timing in timings.items()}


def plan(db: psycopg.Connection[Any], sql: str, parameters: Sequence[Any]) -> str:
    lines = [row[0] for row in db.execute("EXPLAIN " + sql, parameters)]
    return "\n".join(line[:160] for line in lines)


class BackendCPU:
    """CPU milliseconds of the serving process; zero when the server runs elsewhere."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        self._stat = Path(f"/proc/{db.info.backend_pid}/stat")
        name = self._stat.with_name("comm")
        self._local = name.exists() and name.read_text().strip() == "postgres"

    def now(self) -> float:
        if not self._local:
            return 0.0
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / TICK


def save(home: Path, name: str, value: Any) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{name}.json").write_text(json.dumps(value, indent=1))


def read(home: Path | None, name: str) -> dict[str, Any]:
    """What `save` wrote; empty when there is no such result."""
    path = home / f"{name}.json" if home else None
    return dict(json.loads(path.read_text())) if path and path.exists() else {}
