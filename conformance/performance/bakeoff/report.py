"""Turn the JSON of one or two runs into Markdown tables.

python report.py HOME/results-10000000 [HOME/results-1000000] > results.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from measure import read


def main(paths: list[str]) -> None:
    big, *small = [Path(p) for p in paths]
    for section in (
        searches,
        forms_at_targets,
        generic,
        writes,
        fastupdate,
        updates,
        content,
        date_key,
        disk,
    ):
        print("\n".join(section(big, small[0] if small else None)))


def table(title: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    names = list(header)
    lines = [f"## {title}", "", "| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return [*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""]


def ms(timing: dict[str, Any] | None, key: str = "median") -> str:
    if not timing:
        return "-"
    if timing.get("failed"):
        return str(timing["failed"])
    value = timing[key]
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def searches(big: Path, small: Path | None) -> list[str]:
    made: list[str] = []
    for name, title in (
        ("search-ab", "Searches, A against B, ms"),
        ("search-ac", "Searches, A against C, after all writes and updates, ms"),
        (
            "search-split",
            "Searches, A against A with a table of its own for what is searched (S), ms",
        ),
    ):
        large, little = read(big, name), read(small, name)
        rows = [
            (
                shape if n == 0 else "",
                form,
                ms(t),
                ms(t, "p95"),
                ms(little.get(shape, {}).get(form)),
                t.get("runs", ""),
            )
            for shape, forms in large.items()
            for n, (form, t) in enumerate(forms.items())
        ]
        made += table(title, ("shape", "form", "median", "p95", "median, small run", "runs"), rows)
    return made


def forms_at_targets(big: Path, small: Path | None) -> list[str]:
    found = read(big, "statistics")
    if not found:
        return []
    targets = ("100", "1000", "5000")
    rows: list[Iterable[Any]] = [
        ("ANALYZE of the column, s", "", *(f"{found[t]['analyze_s']:.1f}" for t in targets)),
        ("planning, ms", "", *(f"{found[t]['planning_ms']:.2f}" for t in targets)),
        (
            "stored statistics, kB",
            "",
            *(f"{found[t]['statistics_bytes'] / 1000:,.0f}" for t in targets),
        ),
    ]
    for name, hits in found["actual"].items():
        rows.append(
            (f"{name}: rows", f"{hits:,}", *(f"{found[t]['estimate'][name]:,}" for t in targets))
        )
        rows.extend(
            (f"{name}: {shape}, ms", "", *(ms(found[t][shape][name]) for t in targets))
            for shape in ("newest", "sort date (join)")
        )
    return table("Statistics target of `values`", ("", "actual", *targets), rows)


def generic(big: Path, small: Path | None) -> list[str]:
    rows = [
        (shape, mode, ms(t), ms(read(small, "generic").get(shape, {}).get(mode)))
        for shape, modes in read(big, "generic").items()
        for mode, t in modes.items()
    ]
    return table(
        "Custom against generic plan, ms",
        ("statement", "plan", "median", "median, small run"),
        rows,
    )


LOAD = ("rows_per_s", "cpu_us_per_row", "batch_p50_ms", "batch_p99_ms", "batch_max_ms")
SINGLE = ("rows_per_s", "cpu_us_per_row", "p50_ms", "p99_ms", "max_ms")


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def writes(big: Path, small: Path | None) -> list[str]:
    variants = {
        "a2": "A, at the end",
        "s": "S (split)",
        "none": "no equality index",
        "a": "A",
        "owner": "A + two owner B-trees",
        "b": "B",
        "c": "C",
    }
    loads, singles = [], []
    for key, title in variants.items():
        found = read(big, f"writes-{key}")
        if found:
            loads.append((title, *(number(found["load"][k]) for k in LOAD)))
            singles.append((title, *(number(found["single"][k]) for k in SINGLE)))
    made = table("Load, one connection, batches of 500 by unnest", ("layout", *LOAD), loads)
    made += table("Single create, one statement, own transaction", ("layout", *SINGLE), singles)
    paths = read(big, "paths")
    rows = [(n, number(t["rows_per_s"]), number(t["cpu_us_per_row"])) for n, t in paths.items()]
    return made + table("Write path, layout A", ("path", "rows_per_s", "cpu_us_per_row"), rows)


def fastupdate(big: Path, small: Path | None) -> list[str]:
    rows = []
    for name, r in read(big, "fastupdate").items():
        full, clean = r["search with the list nearly full"], r["search after cleaning"]
        rows.append((
            name, number(r["load"]["rows_per_s"]), number(r["load"]["batch_max_ms"]),
            *(number(r["single"][k]) for k in ("p50_ms", "p99_ms", "max_ms")),
            *(number(r["four writers"][k]) for k in ("rows_per_s", "p50_ms", "p99_ms", "max_ms")),
            f"{ms(full['rare code'])} / {ms(clean['rare code'])}", number(r["cleaning_ms"]),
        ))  # fmt: skip
    header = (
        "pending list", "load rows/s", "batch max", "single p50", "p99", "max", "4 writers rows/s", "p50", "p99", "max",
        "rare code, list full / clean", "cleaning",
    )  # fmt: skip
    return table("GIN fastupdate (ms unless rows/s)", header, rows)


def updates(big: Path, small: Path | None) -> list[str]:
    rows = []
    for layout in "abcs":
        r = read(big, f"updates-{layout}")
        if r:
            grown = {k: v for k, v in r["grown_bytes"].items() if v > 1_000_000}
            before, after = (
                next(iter(next(iter(r[k].values())).values()))
                for k in ("search before vacuum", "search after vacuum")
            )
            written = r["updates"]
            rows.append((
                layout.upper(), f"{written['rows']:,}", number(written["rows_per_s"]), number(written["cpu_us_per_row"]),
                number(written["batch_p99_ms"]), f"{sum(grown.values()) / written['rows']:,.0f}",
                ", ".join(f"{k} {v / 1e6:.0f}" for k, v in grown.items()), number(r["vacuum_s"]), f"{ms(before)} / {ms(after)}",
            ))  # fmt: skip
    header = (
        "layout", "updates", "rows_per_s", "cpu_us_per_row", "batch p99 ms", "bytes grown per update", "MB grown", "VACUUM s",
        "medium code before / after VACUUM",
    )  # fmt: skip
    return table("Updates, batches of 500", header, rows)


def content(big: Path, small: Path | None) -> list[str]:
    rows = [(name, *(number(v) for v in r.values())) for name, r in read(big, "content").items()]
    return table(
        "jsonb against text", ("content", "write us/row", "read 50 as text, ms", "bytes/row"), rows
    )


def date_key(big: Path, small: Path | None) -> list[str]:
    found = read(big, "date-key")
    rows: list[Iterable[Any]] = [
        (
            "load, us CPU per row",
            "",
            *(number(v["load"]["cpu_us_per_row"]) for v in found.values()),
        ),
        (
            "bytes per date row",
            "",
            *(
                number(v["bytes"] / max(1, read(big, "sizes").get("observation_date", 1) / 68))
                for v in found.values()
            ),
        ),
    ]
    first: dict[str, Any] = next(iter(found.values()), {"search": {}})
    for shape, forms in first["search"].items():
        rows.extend(
            (shape, form, *(ms(v["search"].get(shape, {}).get(form)) for v in found.values()))
            for form in forms
        )
    return table("Second B-tree of date rows, ms", ("shape", "form", *found), rows)


def disk(big: Path, small: Path | None) -> list[str]:
    sizes = read(big, "sizes") | {
        k: v for k, v in read(big, "sizes-c").items() if "content" in k or "expression" in k
    }
    rows = [
        (name, f"{size / 1e6:,.0f}")
        for name, size in sorted(sizes.items(), key=lambda i: -i[1])
        if size > 10_000_000
    ]
    return table("Size on disk, MB", ("relation", "MB"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
