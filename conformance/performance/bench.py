"""`make bench`: load a FHIR server, measure it, and say how it compares with the project's goals."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg
from rich.console import Console

from conformance.performance import ceiling, cpu, dataset, machine, report
from conformance.performance.capability import Capability, resources_on
from conformance.performance.client import Target
from conformance.performance.phases import Load, Result
from conformance.performance.phases.crud import crud, shares
from conformance.performance.phases.everything import everything
from conformance.performance.phases.importing import import_bundles
from conformance.performance.phases.read import read
from conformance.performance.phases.search import search
from conformance.performance.phases.terminology import expand, validate_code
from conformance.performance.sample import Reservoir, Sample, from_server
from conformance.performance.server import NotStarted, started

PHASES: Final = ("import", "read", "crud", "search", "everything", "validate-code", "expand")
OF_DATA: Final = ("read", "crud", "search", "everything")
"""Phases that need values of what is stored."""
SYNTHEA: Final = Path(__file__).parents[3] / "shared" / "data" / "synthea"
SAMPLED_BUNDLES: Final = 150


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--base", help="FHIR base URL of a running server")
    add("--token", help="bearer token for it")
    add(
        "--start",
        action="store_true",
        help="start a server of this project for the run (so without --base)",
    )
    add("--data-dir", type=Path, help="data directory of a started server, kept afterwards")
    add("--data", type=Path, nargs="+", help="Synthea bundles (JSON, bz2) or folders of them")
    add(
        "--generate",
        type=int,
        default=0,
        metavar="N",
        help="so many resources of the demo hospital as well",
    )
    add("--resources", type=int, metavar="N", help="import until the server holds so many")
    add(
        "--growth",
        type=_numbers,
        default=[],
        metavar="N,N,...",
        help="import step by step, search at each size",
    )
    add("--only", type=_names(PHASES), default=list(PHASES), help=f"phases of {','.join(PHASES)}")
    add(
        "--families",
        type=lambda text: text.split(","),
        default=[],
        help="only these search families",
    )
    add(
        "--mix",
        type=shares,
        default=shares(""),
        help="CRUD shares: create=1,read=1,update=1,delete=1",
    )
    add("--seconds", type=float, default=30.0, help="length of each timed phase")
    add("--warmup", type=float, default=3.0, help="seconds before each, not measured")
    add("--clients", type=int, default=8)
    add("--import-clients", type=int, default=4)
    add(
        "--processes",
        type=int,
        default=1,
        help="driver processes, for machines with cores to spare",
    )
    add("--seed", type=int, default=1)
    add(
        "--server-pid",
        type=int,
        nargs="*",
        default=[],
        help="found by the port when it is on this machine",
    )
    add(
        "--postgres-pid",
        type=int,
        nargs="*",
        default=[],
        help="the postmaster; found by --database-url or below the server",
    )
    add("--database-url", help="the server's PostgreSQL, for sizes and the ceiling")
    add("--out", type=Path, help="write the figures as JSON")
    given = parser.parse_args(words)
    given.start = given.start or not given.base
    return given


def _numbers(text: str) -> list[int]:
    return sorted(int(part.replace("_", "")) for part in text.split(","))


def _names(known: Sequence[str]) -> Any:
    def names(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return chosen

    return names


class Bench:
    """One run against one server."""

    def __init__(
        self, given: argparse.Namespace, target: Target, console: Console, folder: Path
    ) -> None:
        self.given = given
        self.console = console
        self.folder = folder
        self.database_url: str | None = given.database_url
        rng = random.Random(given.seed)
        self.reservoir = Reservoir(SAMPLED_BUNDLES, rng)
        self.rng = rng
        roots = cpu.parties(target, given.server_pid, given.postgres_pid or self._postmaster())
        self.load = Load(
            target,
            cpu.Meter(roots),
            given.seconds,
            given.warmup,
            given.clients,
            given.processes,
            given.seed,
        )
        self.capability = Capability.of(target)
        self.results: list[Result] = []
        self.found: dict[str, Any] = {"machine": machine.facts(), "settings": _settings(given)}
        self.found["server"] = self.capability.software
        self.found["parties"] = {party: len(pids) for party, pids in roots.items()}
        self._bundles = self._source()
        self._batches = 0
        self._grown = 0

    def _postmaster(self) -> set[int]:
        if self.database_url is None:
            return set()
        with psycopg.connect(self.database_url) as connection:
            return cpu.postmaster_of(connection.info.backend_pid)

    def _source(self) -> Iterator[dataset.Bundle]:
        """Bundles without end: the data, the demo hospital, or else copies of the data with new ids."""
        yield from dataset.from_files(self._paths())
        try:
            yield from dataset.from_demo(self.given.seed)
        except ImportError:
            yield from dataset.copies(self._paths())

    def _paths(self) -> list[Path]:
        """The data that was named; else Synthea's, unless only generated data is wanted."""
        default = [SYNTHEA] if SYNTHEA.is_dir() and not self.given.generate else []
        paths: list[Path] = self.given.data or default
        return paths

    def run(self) -> dict[str, Any]:
        """Every phase that was asked for; what was measured before a failure is kept."""
        before = self._count("before")
        empty = self._size()
        after = self._grow(before) if self.given.growth else self._phases(before)
        self.found["resources"] = {"before": before, "after": after}
        self._database(before, after, empty)
        self.found["phases"] = [report.as_json(result) for result in self.results]
        return self.found

    def _phases(self, before: int) -> int:
        only = self.given.only
        after = before
        if "import" in only and (wanted := self._wanted(before)):
            after = before + self._import(wanted)
        if any(phase in only for phase in OF_DATA):
            sample = self._sample()
            if "read" in only:
                self._keep(read(self.load, sample))
            if "crud" in only:
                self._keep(crud(self.load, self.given.mix))
            if "search" in only:
                self._keep(search(self.load, sample, self.given.families))
            if "everything" in only and "Patient/everything" in self.capability.operations:
                self._keep(everything(self.load, sample))
        if "validate-code" in only and "ValueSet/validate-code" in self.capability.operations:
            self._keep(validate_code(self.load))
        if "expand" in only and "ValueSet/expand" in self.capability.operations:
            self._keep(expand(self.load))
        return after

    def _grow(self, before: int) -> int:
        steps: list[tuple[int, Result]] = []
        held = before
        for size in self.given.growth:
            if size > held:
                held += self._import(size - held)
            steps.append((held, self._keep(search(self.load, self._sample(), self.given.families))))
        self.found["growth"] = {
            "p50 ratio": report.show_growth(self.console, steps),
            "sizes": [size for size, _ in steps],
        }
        return held

    def _wanted(self, held: int) -> int:
        """How many resources to import: up to a number, or all the data and what is to be generated."""
        if self.given.resources is not None:
            return max(0, int(self.given.resources) - held)
        return sum(map(dataset.entries_of, dataset.from_files(self._paths()))) + int(
            self.given.generate
        )

    def _import(self, resources: int) -> int:
        self.console.print(f"preparing bundles of {resources:,} resources")
        self._batches += 1
        bodies = dataset.write(
            self.folder / str(self._batches), dataset.limited(self._bundles, resources)
        )
        load = replace(self.load, clients=self.given.import_clients)
        result = self._keep(import_bundles(load, bodies, self.reservoir))
        written: int = result.details["resources"]
        # Before other phases add versions and deletions, which aren't resources.
        self._grown = self._size()
        return written

    def _sample(self) -> Sample:
        if self.reservoir.kept:
            return self.reservoir.sample()
        self.console.print("drawing values from the server")
        return from_server(self.load.target, self.rng)

    def _keep(self, result: Result) -> Result:
        self.results.append(result)
        report.show(self.console, result)
        return result

    def _count(self, when: str) -> int:
        total = resources_on(self.load.target, self.capability)
        self.console.print(f"{total:,} resources {when}")
        return total

    def _size(self) -> int:
        return ceiling.size(self.database_url).total if self.database_url else 0

    def _database(self, before: int, after: int, empty: int) -> None:
        if self.database_url is None:
            return
        try:
            size = ceiling.size(self.database_url)
            each = round((self._grown - empty) / (after - before)) if after > before else None
            each = each or (round(size.total / after) if after else None)
            self.found["size"] = {
                "bytes": size.total,
                "before": empty,
                "after import": self._grown,
                "bytes per resource": each,
                "tables": size.tables,
            }
            report.show_size(self.console, self.found["size"])
            self.found["ceiling"] = ceiling.ceiling(
                self.database_url, self.given.clients, min(10.0, self.given.seconds)
            )
            report.show_ceiling(self.console, self.found["ceiling"], self.results)
        except psycopg.Error as error:
            self.console.print(f"[red]no ceiling: {type(error).__name__}[/]")


def _settings(given: argparse.Namespace) -> dict[str, Any]:
    """How the run was set, without secrets and without places of this machine."""
    secret = {"token", "database_url", "out", "data", "data_dir", "server_pid", "postgres_pid"}
    return {name: value for name, value in sorted(vars(given).items()) if name not in secret}


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, write; 0 unless the server couldn't be measured at all."""
    given = arguments(words)
    console = Console(width=None if sys.stdout.isatty() else 140)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhirbench-bodies-")))
        try:
            if given.base:
                target = Target.parse(given.base, given.token)
            else:
                console.print("starting a server")
                server = stack.enter_context(started(given.data_dir))
                target = server.target
                given.server_pid = [server.pid]
                given.database_url = given.database_url or server.database_url
            bench = Bench(given, target, console, folder)
        except (NotStarted, OSError, ValueError, psycopg.Error) as error:
            console.print(f"[red]{error}[/]", markup=True, highlight=False)
            return 1
        try:
            bench.run()
        except (OSError, RuntimeError) as error:
            console.print(f"[red]stopped: {error}[/]")
            bench.found["stopped"] = str(error)
            bench.found["phases"] = [report.as_json(result) for result in bench.results]
        if given.out:
            given.out.write_text(json.dumps(bench.found, indent=2, default=str) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
