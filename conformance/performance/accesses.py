"""What the record of accesses costs: the same load with it and without.

    python -m conformance.performance.accesses --data-dir DIR

DIR is what a run of the bench has left (`--start --data-dir DIR --resources 200000 --only import`).
Two web tiers answer for one database, one of them with its recorder taken out. They take turns in
blocks of a few seconds, so that the machine's company and its changes of speed fall on both. The
goal is a throughput at most 25 % lower.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from flask import Flask

from conformance.loopback import unused_port
from conformance.performance.client import Target
from conformance.performance.cpu import Meter
from conformance.performance.phases import Load, Result
from conformance.performance.phases.crud import crud
from conformance.performance.phases.read import read
from conformance.performance.phases.search import search
from conformance.performance.phases.terminology import validate_code
from conformance.performance.sample import from_server
from conformance.performance.server import command, started, stop, wait_until_ready
from fhirserver.app import serving

GOAL_PERCENT: Final = 25
FACTORIES: Final = {
    "with": "fhirserver.app:serving",
    "without": "conformance.performance.accesses:unrecorded",
}


def unrecorded() -> Flask:
    """The application as it is, but that its FHIR interface puts nothing on record."""
    app = serving()
    app.extensions["fhirserver"]._recorder = None  # noqa: SLF001 - no setting may do this
    return app


def main() -> None:
    """Measure, and print a table."""
    given = _arguments()
    with started(given.data_dir) as server, ExitStack() as stack:
        loads = {
            who: Load(
                stack.enter_context(_web(given.data_dir, factory, server.target)),
                Meter(),
                seconds=given.seconds,
                warmup_seconds=1,
            )
            for who, factory in FACTORIES.items()
        }
        sample = from_server(server.target, random.Random(1))
        phases: dict[str, Callable[[Load], Result]] = {
            "read": lambda load: read(load, sample),
            "$validate-code": validate_code,
            "search": lambda load: search(load, sample),
            "CRUD": crud,
        }
        print(f"| requests a second | with the record | without | costs (goal: {GOAL_PERCENT} %) |")
        print("|---|---|---|---|")
        for name, phase in phases.items():
            print(_row(name, phase, loads, given.blocks), flush=True)


def _row(name: str, phase: Callable[[Load], Result], loads: dict[str, Load], blocks: int) -> str:
    rates: dict[str, list[float]] = {who: [] for who in loads}
    for turn in range(blocks):
        for who in sorted(loads, reverse=turn % 2 == 1):
            rates[who].append(phase(loads[who]).total.rate)
    recorded, bare = (statistics.mean(rates[who]) for who in FACTORIES)
    return f"| {name} | {recorded:,.0f} | {bare:,.0f} | {100 * (1 - recorded / bare):.0f} % |"


@contextmanager
def _web(home: Path, factory: str, up: Target) -> Iterator[Target]:
    """A web tier of its own beside the one of `up`, with the same token."""
    port = unused_port()
    target = Target.parse(f"http://127.0.0.1:{port}/fhir", up.token)
    words = [*command(), "web", "--port", str(port), "--data-dir", str(home), "--factory", factory]
    with tempfile.NamedTemporaryFile(prefix="fhirbench-", suffix=".log") as output:
        child = subprocess.Popen(words, stdout=output, stderr=output, start_new_session=True)
        try:
            wait_until_ready(child, target, Path(output.name))
            yield target
        finally:
            stop(child)


def _arguments() -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=description, epilog=rest)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=5, help="length of a block")
    parser.add_argument("--blocks", type=int, default=4, help="of each of the two")
    return parser.parse_args()


if __name__ == "__main__":
    main()
