"""What subscriptions cost a write: the same writes without any, and with a thousand.

    python -m conformance.performance.subscriptions

The subscriptions are for a code each; one write in a thousand meets one. What a write costs is what
its answer waits for, and what choosing costs afterwards for each change, in another process.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fhirserver import embedded, queues
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.app import open_database, open_engine
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.reactions.relay import relay
from fhirserver.settings import read as read_settings
from fhirserver.storage import migrate
from fhirserver.subscriptions.reaction import reaction

WRITER: Final = Principal("bench", scopes("system/*.cruds"))
GOAL_MS: Final = 1.0
LOINC: Final = "http://loinc.org"


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds: a write until its answer (median), and choosing for one change (mean)."""

    write: float
    choosing: float


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--subscriptions", type=int, default=1_000)
    parser.add_argument("--writes", type=int, default=1_000)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fhirbench-") as folder:
        Path(folder).chmod(0o711)
        with embedded.services(read_settings(data_dir=Path(folder) / "s")) as served:
            assert served.database_url is not None
            migrate.upgrade(served.database_url)
            database = open_database(served)
            engine = open_engine(served, database)
            # One that nothing meets, so that there is a reader.
            _subscribe(engine, 1, first=chosen.subscriptions)
            _measured(engine, chosen.writes // 2)
            before = _measured(engine, chosen.writes)
            _subscribe(engine, chosen.subscriptions)
            after = _measured(engine, chosen.writes)
            database.close()
    more = after.write - before.write + after.choosing - before.choosing
    print(f"without: a write {before.write:.2f} ms, choosing {before.choosing:.3f} ms")
    print(f"with {chosen.subscriptions:,}: {after.write:.2f} ms, {after.choosing:.3f} ms")
    print(f"more: {more:.2f} ms (goal: less than {GOAL_MS:.0f})")
    return int(more >= GOAL_MS)


def _subscribe(engine: Engine, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        _created(engine, {
            "resourceType": "Subscription", "status": "requested", "reason": "a measurement",
            "criteria": f"Observation?code={LOINC}|{number}", "channel": {"type": "websocket"},
        })  # fmt: skip
    _worked_off(engine)
    active = (("status", "active"), ("_summary", "count"))
    found = engine.handle(FhirRequest("search-type", WRITER, type="Subscription", query=active))
    total = json.parse_object(found.content or b"{}")["total"]
    assert total >= count, f"{total} of {count} subscriptions are active"


def _measured(engine: Engine, writes: int) -> Cost:
    times = []
    for number in range(writes):
        began = time.perf_counter()
        _created(engine, {
            "resourceType": "Observation", "status": "final", "valueString": "a",
            "code": {"coding": [{"system": LOINC, "code": str(number)}]},
        })  # fmt: skip
        times.append(time.perf_counter() - began)
    choosing = _worked_off(engine)
    return Cost(statistics.median(times) * 1_000, choosing / writes * 1_000)


def _worked_off(engine: Engine) -> float:
    """Choose for all that was written, and tell; how many seconds choosing took."""
    database, made = engine.context.store.database, reaction(engine)
    took = 0.0
    for reader in made.readers:
        began = time.perf_counter()
        while any(b.changes for b in queues.behind(database) if b.name == reader.name):
            relay(database, reader)
        took += time.perf_counter() - began
    for worker in made.workers:
        queues.work(database, worker.topic, worker.act, seconds=60)
    return took


def _created(engine: Engine, resource: dict[str, Any]) -> None:
    kind = resource["resourceType"]
    answer = engine.handle(FhirRequest("create", WRITER, type=kind, body=resource))
    assert answer.status == 201, answer.content


if __name__ == "__main__":
    raise SystemExit(main())
