"""Races, kills, paging under load, harmful input and start-up, each on a server of its own.

    .venv/bin/python -m conformance.faults.run                  # everything, a quarter of an hour
    .venv/bin/python -m conformance.faults.run races --seconds 8

Prints a line for each part and what is wrong; the status is 1 when anything is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Final

from conformance.faults import bulk, harm, kills, paging, races, reindexing, startup, stored
from conformance.faults.server import running

# What was measured, in words, and what is wrong.
Line = tuple[str, list[str]]

KILLS_OF_EACH: Final = 3


def run_races(seconds: float) -> Iterator[Line]:
    """32 writers on 50 identifiers, for so long in each way."""
    with running() as server:
        for name, act in races.RACES.items():
            tally, wrong = races.race(server, name, act, seconds=seconds)
            rate = tally.acknowledged / tally.seconds
            yield f"race {name}: {kills.told(tally)} in {tally.seconds:.0f} s, {rate:.0f}/s", wrong
        yield "race: what is stored agrees", stored.everything_wrong(server)


def run_kills(seconds: float) -> Iterator[Line]:
    """32 writers, and each kind of process killed three times."""
    pause = seconds / KILLS_OF_EACH / 2
    with running() as server:
        for name, kill in kills.KILLS.items():
            report = kills.kill_while_writing(
                server, kill, times=KILLS_OF_EACH, seconds_before=pause, seconds_after=pause
            )
            took = ", ".join(f"{s:.1f} s" for s in report.recovery_seconds)
            told = kills.told(report.tally)
            versions = len(report.tally.written)
            yield (
                f"kill {name}: {told}; {versions} versions acknowledged; writes again after {took}",
                report.wrong,
            )


def run_bulk(seconds: float) -> Iterator[Line]:
    """An import and an export whose worker is killed, and then PostgreSQL."""
    with running(**bulk.PARTS) as server:
        for name, act in (
            ("import", bulk.kill_while_importing),
            ("export", bulk.kill_while_exporting),
        ):
            report = act(server)
            yield (
                f"{name}: killed at {report.done_at_kills}, done after {report.seconds:.1f} s",
                report.wrong,
            )


def run_reindex(seconds: float) -> Iterator[Line]:
    """A reindex whose worker is killed, and then PostgreSQL."""
    with running() as server:
        report = reindexing.kill_while_reindexing(server, resources=20_000)
        yield (
            f"reindex of {report.ended.get('total')} resources: killed at "
            f"{report.done_at_kills}, done after {report.seconds:.1f} s",
            report.wrong,
        )


def run_paging(seconds: float) -> Iterator[Line]:
    """10,000 rows in each of three sorts, while four writers change them."""
    with running() as server:
        filled = {t: paging.fill(server, t, 10_000) for t in ("Patient", "Observation")}
        for name, (resource_type, _) in paging.SORTS.items():
            walk = paging.walk_while_writing(server, filled[resource_type], name)
            yield (
                f"paging {name}: {len(walk.ids)} rows on {walk.pages} pages in {walk.seconds:.0f} s, "
                f"slowest {walk.slowest_seconds:.1f} s, {walk.changes} changes meanwhile",
                walk.wrong,
            )


def run_harm(seconds: float) -> Iterator[Line]:
    """Every attack, each followed by an ordinary request."""
    with running() as server:
        before = {p.pid for p in server.web_workers()}
        for attack in harm.ATTACKS:
            outcome = harm.attack(server, attack)
            told = outcome.status or "closed"
            yield (
                f"harm {attack.name}: {told} after {outcome.seconds:.2f} s",
                outcome.wrong + harm.is_served(server),
            )
        memory = harm.memory_bytes(server)
        grown = ", ".join(f"{n / 1e6:.0f} MB" for n in memory.values())
        yield (
            f"harm: the web processes have {grown}",
            [] if set(memory) == before else ["a web process has died"],
        )


def run_startup(seconds: float) -> Iterator[Line]:
    """A web worker's start, and the second start of everything."""
    with running() as server:
        cost = startup.least_cost(server)
        told = (
            f"{cost.seconds:.2f} s, {cost.cpu_seconds:.2f} s of CPU, {cost.rss_bytes / 1e6:.0f} MB"
        )
        wrong = [] if cost.rss_bytes < 150e6 and cost.cpu_seconds < 1 else ["that is too much"]
        yield f"start of a web worker: {told}", wrong
        server.stop()
        took = server.start()
        yield f"second start of everything: {took:.1f} s", [] if took < 10 else ["that is too long"]


PARTS: Final[dict[str, Callable[[float], Iterator[Line]]]] = {
    "races": run_races,
    "kills": run_kills,
    "reindex": run_reindex,
    "bulk": run_bulk,
    "paging": run_paging,
    "harm": run_harm,
    "startup": run_startup,
}


def main() -> int:
    """Run the parts; 0 if nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; or all")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each race and kind of kill")
    arguments = parser.parse_args()
    failed = False
    for name in arguments.parts or PARTS:
        for told, wrong in PARTS[name](arguments.seconds):
            print(f"{'FAIL' if wrong else 'ok':<5} {told}", flush=True)
            for line in wrong[:10]:
                print(f"      {line}", flush=True)
            failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
