"""Leaves out one term of the guard after another, and shows that the suite notices each.

    .venv/bin/python -m conformance.access.mutation             # all
    .venv/bin/python -m conformance.access.mutation history     # those whose name has this
    .venv/bin/python -m conformance.access.mutation --list

Some can't show in an answer of the twins: `survivors.json` says why, and which tests notice them
instead; these run with the term left out, and must fail. Where it names no test there is nothing to
notice, and a question that notices something all the same is one more to be listed. A mutant that
nothing notices ends the run with status 1, as does a suite that says something while nothing is
left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from conformance.access.mutants import Mutant, alive, mutants
from conformance.server import empty_database
from fhirserver.storage import chains
from fhirserver.storage.search_sql import builder
from tests.security.noninterference.callers import ROLES, at_random
from tests.security.noninterference.suite import Twins, compare, twins

SURVIVORS = Path(__file__).with_name("survivors.json")
ROOT = Path(__file__).parents[2]
# Those first that see something of most types.
CALLERS = [
    ROLES[5],
    ROLES[1],
    at_random(6),
    at_random(9),
    *ROLES,
    *(at_random(n) for n in range(20, 32)),
]
READING, WRITING = 60, 50


@contextmanager
def many_targets() -> Iterator[None]:
    """Chains are a part of the search, as when there are thousands of targets.

    One to resources of any type would then be refused as too costly, which nobody asks about here.
    """
    before = chains.MOST, builder.MOST_JOINED
    chains.MOST, builder.MOST_JOINED = 0, sys.maxsize
    try:
        yield
    finally:
        chains.MOST, builder.MOST_JOINED = before


def noticed(pair: Twins, mutant: Mutant | None) -> str | None:
    """What the suite says of a mutant, or of the guard as it is; None when it says nothing."""
    with alive(mutant) if mutant else nullcontext():
        for caller in CALLERS:
            try:
                report = compare(pair, caller, 1, reading=READING, writing=WRITING, stop_at=1)
            except Exception as error:
                return f"{caller.name}: {type(error).__name__}"
            if report.problems:
                return f"{caller.name}, question {report.pairs}: {report.problems[0][:160]}"
    return None


def failed(mutant: Mutant, tests: str) -> str | None:
    """What fails of tests while the term is left out."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "conformance.access.leaving_out",
         "--leave-out", mutant.name, "-m", "not slow", tests],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode > 1:
        sys.exit(f"{tests} can't run without {mutant.name}:\n{run.stdout[-2000:]}{run.stderr}")
    names = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    return names[0].removeprefix("FAILED ") if names else None


def main() -> int:
    """Run all; 0 when exactly those survive that are expected to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="only name them")
    parser.add_argument("part", nargs="*", help="only those whose name has one of these")
    asked = parser.parse_args()
    chosen = [m for m in mutants() if not asked.part or any(p in m.name for p in asked.part)]
    if asked.list:
        print("\n".join(m.name for m in chosen))
        return 0
    expected = json.loads(SURVIVORS.read_text())
    status = 0
    with (
        empty_database() as url,
        twins(url, 1) as pair,
        # For what is left: such a server asks what a reference is to.
        twins(url, 2, check_references="reject") as strict,
    ):
        told = noticed(pair, None)
        if told is None:
            with many_targets():
                told = noticed(strict, None)
        if told is not None:
            sys.exit(f"with nothing left out, the suite says already: {told}")
        for mutant in chosen:
            listed = expected.get(mutant.place, {})
            if listed.get("test"):
                told = failed(mutant, listed["test"])
            else:
                told = noticed(pair, mutant)
                if told is None:
                    with many_targets():
                        told = noticed(strict, mutant)
            is_expected = (told is None) is ("why" in listed and not listed["test"])
            print(f"{mutant.name}: {told or listed.get('why') or 'SURVIVES'}", flush=True)
            status |= not is_expected
    return status


if __name__ == "__main__":
    sys.exit(main())
