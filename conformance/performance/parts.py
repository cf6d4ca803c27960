"""What an expression and a validation take by themselves, without HTTP and storage.

    python -m conformance.performance.parts --data ../shared/data/synthea

Processor time of one thread: the expression at its fastest of many runs, a validation on average
over the resources of the data, each type in the share it has there. What is compiled once (an
expression, a profile) is compiled before. A validation begins with asking PostgreSQL whether the
definitions are the same still; a request asks that once, with its rights, so it is told apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from conformance.performance.dataset import from_files
from fhirserver import embedded, fhirpath
from fhirserver.app import open_database, open_engine
from fhirserver.engine import Engine
from fhirserver.model import json
from fhirserver.settings import read as read_settings
from fhirserver.storage import migrate

EXPRESSION: Final = "Patient.name.where(use = 'official').given"
GOAL_EXPRESSION_US: Final = 5.0
GOAL_VALIDATION_US: Final = 300.0


def resources(data: Path, bundles: int) -> list[dict[str, Any]]:
    """What is in so many patients' bundles."""
    found: list[dict[str, Any]] = []
    for bundle in from_files([data]):
        if not bundle.shared:
            entries = json.parse_object(bundle.json)["entry"]
            found += [e["resource"] for e in entries]
            bundles -= 1
            if not bundles:
                break
    return found


def expression_us(patient: dict[str, Any]) -> float:
    """Microseconds of the expression on a patient."""
    evaluate, env = fhirpath.compile(EXPRESSION, "Patient"), fhirpath.Env(patient)
    best = float("inf")
    for _ in range(50):
        began = time.thread_time()
        for _ in range(1_000):
            evaluate(patient, env)
        best = min(best, (time.thread_time() - began) * 1_000)
    return best


def validation_us(engine: Engine, found: Sequence[dict[str, Any]]) -> list[float]:
    """Microseconds of each validation, each in a request of its own."""
    times = []
    for resource in found:
        began = time.thread_time()
        with engine.context.store.database.within(10):
            engine.context.validators.current().validate(resource)
        times.append((time.thread_time() - began) * 1_000_000)
    return times


def asking_us(engine: Engine, times: int) -> float:
    """Microseconds of learning which definitions there are, in a request of its own."""
    began = time.thread_time()
    for _ in range(times):
        with engine.context.store.database.within(10):
            engine.context.validators.current()
    return (time.thread_time() - began) / times * 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of Synthea bundles")
    parser.add_argument("--bundles", type=int, default=12, help="how many patients")
    parser.add_argument("--data-dir", type=Path, default=Path("var/parts"))
    chosen = parser.parse_args(arguments)
    found = resources(chosen.data, chosen.bundles)
    patient = next(r for r in found if r["resourceType"] == "Patient")
    taken = expression_us(patient)
    with embedded.services(read_settings(data_dir=chosen.data_dir.resolve())) as served:
        migrate.upgrade(served.database_url)
        database = open_database(served)
        engine = open_engine(served, database, None)
        validation_us(engine, found)  # compiles the profiles
        times = validation_us(engine, found)
        asking = asking_us(engine, len(found))
        database.close()
    mean = statistics.fmean(times)
    print(f"{EXPRESSION}: {taken:.2f} us (goal {GOAL_EXPRESSION_US:.0f})")
    print(
        f"validation: {mean:.0f} us on average of {len(times):,} resources (goal "
        f"{GOAL_VALIDATION_US:.0f}), median {statistics.median(times):.0f}, "
        f"most {max(times):,.0f}; {asking:.0f} of it asks for the definitions"
    )
    return int(taken > GOAL_EXPRESSION_US or mean > GOAL_VALIDATION_US)


if __name__ == "__main__":
    raise SystemExit(main())
