"""The run as tables for a person and as JSON for a later comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.performance import goals
from conformance.performance.phases import Result
from conformance.performance.record import Figures

# Above this share of a core, the driver rather than the server may set the rate.
DRIVER_BUSY = 0.7

_COLUMNS = ("requests", "per s", "p50 ms", "p95 ms", "p99 ms", "max ms", "errors", "goal")


def show(console: Console, result: Result) -> None:
    """One phase: a row for each family, one for all, then what it cost."""
    table = _table(f"{result.phase}, {result.elapsed:.1f} s", "family", *_COLUMNS)
    for name, row in result.families.items():
        goal = goals.SEARCH_P99.text(row.p99) if result.phase == "search" else ""
        table.add_row(name, *_cells(row, goal))
    table.add_section()
    table.add_row("all", *_cells(result.total, _phase_goal(result)))
    console.print(table)
    for name, value in result.details.items():
        console.print(
            f"  {name.replace('_', ' ')}: {value:,.1f}"
            if isinstance(value, float)
            else f"  {name}: {value:,}"
        )
    costs = result.cpu_ms_per_request()
    if costs:
        what = "bundle" if result.phase == "import" else "request"
        console.print(
            f"  CPU ms per {what}: " + ", ".join(f"{who} {ms:.3f}" for who, ms in costs.items())
        )
    if result.cpu_seconds.get("driver", 0.0) > DRIVER_BUSY * result.elapsed:
        console.print("  [yellow]the driver used most of a core: try --processes[/]")
    for problem, body in list(result.examples.items())[:5]:
        console.print(f"  [red]{escape(problem)}[/]: {escape(' '.join(body.split())[:200])}")
    console.print()


def _phase_goal(result: Result) -> str:
    if result.phase == "import":
        return goals.IMPORT.text(result.details["resources_per_second"])
    if result.phase == "expand":
        return goals.EXPAND_P50.text(result.total.p50)
    goal = goals.RATES.get(result.phase)
    return goal.text(result.total.rate) if goal else ""


def _cells(row: Figures, goal: str) -> list[str]:
    errors = ", ".join(f"{count}x {escape(problem)}" for problem, count in row.errors.items())
    times = (row.p50, row.p95, row.p99, row.max)
    return [
        f"{row.requests:,}",
        f"{row.rate:,.1f}",
        *(f"{ms:,.1f}" for ms in times),
        errors,
        _coloured(goal),
    ]


def _coloured(goal: str) -> str:
    return f"[red]{goal}[/]" if goal.endswith("MISSED") else f"[green]{goal}[/]"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        left = number == 0 or column in {"errors", "goal"}
        table.add_column(column, justify="left" if left else "right")
    return table


def show_growth(console: Console, steps: Sequence[tuple[int, Result]]) -> dict[str, float]:
    """p50 of every family at every size, and how much it grew from the first to the last."""
    table = _table(
        "p50 ms by resources", "family", *(f"{size:,}" for size, _ in steps), "ratio", "goal"
    )
    ratios: dict[str, float] = {}
    for name in steps[0][1].families:
        rows = [result.families.get(name) for _, result in steps]
        times = [row.p50 if row else 0.0 for row in rows]
        ratios[name] = times[-1] / times[0] if times[0] else 0.0
        cells = [f"{ms:.1f}" for ms in times]
        table.add_row(
            name, *cells, f"{ratios[name]:.2f}", _coloured(goals.GROWTH.text(ratios[name]))
        )
    console.print(table)
    return ratios


def show_ceiling(console: Console, found: Mapping[str, Any], results: Sequence[Result]) -> None:
    """What the database alone can do, beside what the server did."""
    table = _table("Ceiling of this machine", "what", "value")
    for name, value in found.items():
        table.add_row(name, f"{value:,}" if isinstance(value, (int, float)) else str(value))
    console.print(table)
    reads = next((r.total.rate for r in results if r.phase == "read"), None)
    if reads and found.get("reads/s"):
        console.print(f"  the server reads at {100 * reads / found['reads/s']:.0f} % of that")


def show_size(console: Console, sizes: Mapping[str, Any]) -> None:
    """Room taken, in all and by table."""
    per_resource = sizes.get("bytes per resource")
    goal = _coloured(goals.BYTES.text(per_resource)) if per_resource else ""
    console.print(f"database {sizes['bytes']:,} bytes, {per_resource or '?'} per resource {goal}")
    table = _table("Largest tables", "table", "rows", "heap", "toast and maps", "indexes")
    for row in sizes["tables"][:15]:
        table.add_row(
            row["table"],
            *(f"{row[name]:,}" for name in ("rows", "heap", "toast and maps", "indexes")),
        )
    console.print(table)


def as_json(result: Result) -> dict[str, Any]:
    """A phase for the JSON file."""
    return {
        "phase": result.phase,
        "seconds": round(result.elapsed, 3),
        "total": result.total.as_json(),
        "families": {name: row.as_json() for name, row in result.families.items()},
        "parts": {name: row.as_json() for name, row in result.parts.items()},
        "cpu_seconds": result.cpu_seconds,
        "cpu_ms_per_request": result.cpu_ms_per_request(),
        "bytes_received": result.received,
        "examples": result.examples,
        **result.details,
    }
