"""Workers and PostgreSQL killed amid an import and an export: both complete, with no doubles.

The lines that are imported have no ids, so that each that is stored twice is seen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psutil

from conformance.faults.client import Client, Lost
from conformance.faults.server import Server, wait_until
from fhirserver.embedded.failures import CannotStart
from fhirserver.errors import FhirError

SYSTEM: Final = "urn:bulk-kills"
BAD_EVERY: Final = 1_000
MOST_SECONDS: Final = 300.0
PARTS: Final = {"FHIRSERVER_BULK_FILE_RESOURCES": "250"}
"""So that an export has parts to be killed between."""


@dataclass(slots=True)
class Report:
    """How far the job was at each kill, how long it took, and what is wrong."""

    done_at_kills: list[int] = field(default_factory=list)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def kill_while_importing(server: Server, *, resources: int = 4_000) -> Report:
    """Import lines, some of them bad, with a kill of the worker and of the postmaster."""
    report = Report()
    lines = [
        "{bad"
        if n % BAD_EVERY == 1
        else json.dumps({"resourceType": "Basic", "code": {"text": "x"},
                         "identifier": [{"system": SYSTEM, "value": str(n)}]})
        for n in range(resources)
    ]  # fmt: skip
    bad = {n + 1 for n, line in enumerate(lines) if line == "{bad"}
    with server.client() as client:
        sent = client.send(
            "POST", "Binary", "\n".join(lines).encode(), Content_Type="application/fhir+ndjson"
        )
        if sent.status != 201:
            raise RuntimeError(sent.says)
        url = "/".join(sent.headers["location"].split("/")[-4:-2])
        part = {"name": "input", "part": [{"name": "url", "valueUri": url}]}
        body = {"resourceType": "Parameters", "parameter": [part]}
        manifest = _killed(server, client, report, "$import", body, resources)
        told = _lines(client, manifest, "error")
    found = _stored(server)
    expected = resources - len(bad)
    counted = sum(o["count"] for o in manifest["output"])
    named = {_line_of(o) for o in told}
    report.wrong += [
        *([f"{len(found)} were stored of {expected}"] if len(found) != expected else []),
        *([f"{len(found) - len(set(found))} twice"] if len(found) != len(set(found)) else []),
        *([f"the manifest counts {counted} of {expected}"] if counted != expected else []),
        *([f"the error file names {sorted(named)[:9]}"] if named != bad else []),
        *([f"{len(told)} errors for {len(bad)} lines"] if len(told) != len(bad) else []),
    ]
    return report


def kill_while_exporting(server: Server) -> Report:
    """Export what was imported, with the same kills."""
    report = Report()
    expected = sorted(_stored(server))
    with server.client() as client:
        manifest = _killed(server, client, report, "$export?_type=Basic", None, len(expected))
        resources = _lines(client, manifest, "output")
    values = sorted(v for r in resources if (v := _identifier(r)) is not None)
    ids = [r["id"] for r in resources]
    report.wrong += [
        *(
            [f"{len(ids) - len(set(ids))} are twice in the files"]
            if len(ids) != len(set(ids))
            else []
        ),
        *([f"{len(values)} were exported of {len(expected)}"] if values != expected else []),
    ]
    return report


def _killed(
    server: Server, client: Client, report: Report, operation: str, body: Any, resources: int
) -> Any:
    """The manifest of a job, amid which its worker is killed, then PostgreSQL, then its worker."""
    began = time.monotonic()
    method = "GET" if body is None else "POST"
    answer = client.send(method, operation, body, Prefer="respond-async")
    if answer.status != 202:
        raise RuntimeError(answer.says)
    where = answer.headers["content-location"]
    kills: list[Callable[[Server], None]] = [kill_the_worker, _kill_the_postmaster, kill_the_worker]
    for number, kill in enumerate(kills, 1):
        at = resources * number // (len(kills) + 1)
        wait_until(lambda at=at: _done(server, where) >= at, MOST_SECONDS, f"{at} are done")
        report.done_at_kills.append(_done(server, where))
        kill(server)
        server.recovered()

    def is_done() -> bool:
        with suppress(Lost):
            return client.send("GET", where).status == 200
        return False

    wait_until(is_done, MOST_SECONDS, "the job is done")
    report.seconds = time.monotonic() - began
    return client.send("GET", where).json


def kill_the_worker(server: Server) -> None:
    """Kill -9 of every worker there is; they are started again."""
    for process in server.processes():
        with suppress(psutil.Error):
            if "worker" in process.cmdline() and "fhirserver" in process.cmdline():
                process.kill()


def _kill_the_postmaster(server: Server) -> None:
    server.postmaster().kill()


def _done(server: Server, where: str) -> int:
    # PostgreSQL may still be starting again.
    with suppress(CannotStart, FhirError), server.database() as database:
        sql = "SELECT done FROM jobs.job WHERE id = %s::uuid"
        return int(database.read(sql, (where.rpartition("/")[2],))[0][0])
    return -1


def _lines(client: Client, manifest: Any, kind: str) -> list[Any]:
    found = []
    for item in manifest[kind]:
        text = client.send("GET", item["url"]).body.decode()
        found += [json.loads(line) for line in text.splitlines()]
    return found


def _stored(server: Server) -> list[str]:
    with server.database() as database:
        rows = database.read(
            "SELECT content #>> '{identifier,0,value}' FROM resource.\"Basic\" "
            "WHERE NOT deleted AND content #>> '{identifier,0,system}' = %s",
            (SYSTEM,),
        )
    return [row[0] for row in rows]


def _identifier(resource: Any) -> str | None:
    found = resource.get("identifier", [{}])[0]
    return found.get("value") if found.get("system") == SYSTEM else None


def _line_of(outcome: Any) -> int:
    return int(outcome["issue"][0]["diagnostics"].partition(", line ")[2].partition(":")[0])
