"""The worker, and PostgreSQL, killed in the middle of a reindex: it goes on from where it was.

All index rows of a type are thrown away first, so that the job has something to do for every
resource, and so that a search shows what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psutil

from conformance.faults import stored
from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, wait_until
from fhirserver import embedded
from fhirserver.errors import FhirError
from fhirserver.storage.database import Database
from fhirserver.storage.schema import ORDERED, ordered, table
from fhirserver.storage.tables import kinds_needed
from fhirserver.tasks import make_celery

TYPE: Final = "Flag"
ENTRIES: Final = 1_000
# Of a worker that starts again, and the next look for work: every ten seconds.
MOST_SECONDS: Final = 60.0


@dataclass(slots=True)
class Report:
    """What was seen: how far the job was at each kill, how it ended, and what is wrong."""

    done_at_kills: list[int] = field(default_factory=list)
    seconds: float = 0.0
    ended: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def kill_while_reindexing(server: Server, *, resources: int = 4_000) -> Report:
    """Start a reindex, kill the worker and then the postmaster, and look what has become of it."""
    report = Report()
    with server.client() as client:
        marker = f"reindex-{time.time_ns()}"
        _fill(client, marker, resources)
        filled = _count(client, marker)
        with server.database() as database:
            lost = _throw_away_the_index(database)
        before = _count(client, marker)
        began = time.monotonic()
        answer = client.send("POST", f"{TYPE}/$reindex")
        job = _values(answer.json)["job"]
        _wake(server)
        for number, kill in enumerate((_kill_the_worker, _kill_the_postmaster), 1):
            at = resources * number // 3
            report.done_at_kills.append(_kill_in_the_middle(server, job, kill, at, report))
            server.recovered()
        _wait_until_done(server, client, job)
        report.seconds = time.monotonic() - began
        report.ended = _values(client.send("GET", f"$reindex-status?job={job}").json)
        after = _count(client, marker)
    total = _current(server)
    report.wrong += [
        *([f"the search found {filled} of {resources} at first"] if filled != resources else []),
        *([f"the search found {before} without an index"] if before else []),
        *([f"the search finds {after} of {resources}"] if after != resources else []),
        *_ended_wrong(report.ended, total, lost),
        *stored.everything_wrong(server),
    ]
    return report


def _ended_wrong(ended: dict[str, Any], total: int, lost: int) -> Iterator[str]:
    for name, wanted in (("state", "done"), ("done", total), ("total", total), ("toGo", 0),
                         ("changed", lost)):  # fmt: skip
        if ended.get(name) != wanted:
            yield f"the job ended with {name} {ended.get(name)}, not {wanted}"


def _fill(client: Client, marker: str, resources: int) -> None:
    flag: Resource = {
        "resourceType": TYPE,
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/nobody"},
        "period": {"start": "2024-05-01"},
        "identifier": [{"value": marker}],
    }
    for start in range(0, resources, ENTRIES):
        entry = {"resource": flag, "request": {"method": "POST", "url": TYPE}}
        entries = [entry] * min(ENTRIES, resources - start)
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = client.send("POST", "", bundle)
        if answer.status != 200:
            raise RuntimeError(answer.says)


def _throw_away_the_index(database: Database) -> int:
    """Nothing is found any more; how many resources that is."""
    rows = database.read(f"SELECT count(*) FROM {table('resource', TYPE)} WHERE NOT deleted")
    for kind in sorted(kinds_needed(TYPE) & set(ORDERED)):
        database.write(f"DELETE FROM {ordered(kind, TYPE)}", ())
    database.write(f"UPDATE {table('resource', TYPE)} SET elements = '{{}}'", ())
    return int(rows[0][0])


def _current(server: Server) -> int:
    with server.database() as database:
        rows = database.read(f"SELECT count(*) FROM {table('resource', TYPE)} WHERE NOT deleted")
    return int(rows[0][0])


def _count(client: Client, marker: str) -> int:
    answer = client.send("GET", f"{TYPE}?identifier={marker}&date=ge2024-05-01&_summary=count")
    return int(answer.json["total"])


def _values(parameters: Resource) -> dict[str, Any]:
    """The values of a job, with those of its only type."""
    found: dict[str, Any] = {}
    for parameter in parameters["parameter"]:
        for one in parameter.get("part", [parameter]):
            value = next((v for k, v in one.items() if k.startswith("value")), None)
            found.setdefault(one["name"], value)
    return found


def _wake(server: Server) -> None:
    """Let a worker look for work at once rather than within ten seconds."""
    with suppress(Exception):
        make_celery(embedded.broker_url(server.settings)).send_task("reindex")


def _kill_in_the_middle(
    server: Server, job: int, kill: Callable[[Server], None], at: int, report: Report
) -> int:
    """Kill when so many are done, and not all of them; how many it was."""
    least = report.done_at_kills[-1] if report.done_at_kills else 0
    deadline = time.monotonic() + MOST_SECONDS
    with _looking(server, job) as look:
        while time.monotonic() < deadline:
            done, total = look()
            if done < least:
                report.wrong.append(f"{least} were done, and then {done}")
            if done >= at:
                kill(server)
                if total is not None and done >= total:
                    report.wrong.append("it was done before anything was killed")
                return done
            time.sleep(0.002)
    report.wrong.append(f"it didn't go on from {least} within {MOST_SECONDS:.0f} s")
    return least


@contextmanager
def _looking(server: Server, job: int) -> Iterator[Callable[[], tuple[int, int | None]]]:
    with server.database() as database:

        def look() -> tuple[int, int | None]:
            row = database.read(
                "SELECT done, total FROM fhir.reindex_part WHERE job = %s AND type = %s",
                (job, TYPE),
            )[0]
            return int(row[0]), row[1]

        yield look


def _kill_the_worker(server: Server) -> None:
    """The process that runs the tasks; `up` starts another."""
    for process in server.processes():
        with suppress(psutil.Error):
            if "worker" in process.cmdline() and "fhirserver" in process.cmdline():
                process.kill()


def _kill_the_postmaster(server: Server) -> None:
    server.postmaster().kill()


def _wait_until_done(server: Server, client: Client, job: int) -> None:
    def is_done() -> bool:
        with suppress(FhirError):
            return client.send("GET", f"$reindex-status?job={job}").status == 200
        return False

    _wake(server)
    wait_until(is_done, MOST_SECONDS, "the reindex is done")
