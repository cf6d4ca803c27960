"""Bulk export and import of a running server: resources a second, and what each costs.

    python -m conformance.performance.bulk [--data PATH]

A fresh server is loaded with the data, and exported; a second one imports what came of it, from a
file server on loopback, and is exported in turn: both must hold the same resources. The rate says
how fast the machine was, the processor time of the server's processes and of PostgreSQL what a
resource costs, on a machine that others use, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from conformance.faults.server import Server
from conformance.performance.cpu import Meter

DATA = Path("../shared/data/synthea")
POLL_SECONDS = 0.5
# A server's processes are there when they take less than this part of a core for two seconds.
AT_REST = 0.2
REST_SECONDS = 60.0


def main() -> None:
    """Measure, and print a line for each direction."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=DATA)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), given.data)


def _measure(folder: Path, data: Path) -> None:
    files = folder / "files"
    files.mkdir()
    first = Server(folder / "first")
    first.start()
    try:
        command = ["load", "--data-dir", str(first.data_dir), str(data)]
        subprocess.run(
            [sys.executable, "-m", "fhirserver", *command], check=True, capture_output=True
        )
        spent, counts = export(first, files)
        _say("export", counts, spent)
        spent, _ = export(first, None)
        _say("export again", counts, spent)
    finally:
        first.stop()
    handler = partial(_Quiet, directory=str(files))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"http://127.0.0.1:{server.server_port}"
    second = Server(folder / "second", environment={"FHIRSERVER_BULK_IMPORT_SOURCES": where})
    second.start()
    try:
        at_rest(second)
        _say("import", counts, import_(second, where, files))
        _, again = export(second, None)
        print("the same resources" if again == counts else f"differs: {counts - again}")
    finally:
        second.stop()
        server.shutdown()


def at_rest(server: Server) -> None:
    """Wait until all its processes have started: that is no part of a job, but takes seconds."""
    assert server.up is not None
    meter = Meter({"server": {server.up.pid}})
    ends = time.monotonic() + REST_SECONDS
    while time.monotonic() < ends:
        before = meter.read()
        time.sleep(2)
        if meter.since(before)["server"] < 2 * AT_REST:
            return


@dataclass(frozen=True, slots=True)
class Spent:
    """What a job took from asking to the manifest: seconds, and processor seconds by party."""

    seconds: float
    processor: Mapping[str, float]


def export(server: Server, into: Path | None) -> tuple[Spent, Counter[str]]:
    """What an export takes; its files go into the folder."""
    spent, manifest = _done(server, "$export", None)
    counts: Counter[str] = Counter()
    for number, item in enumerate(manifest["output"]):
        counts[item["type"]] += item["count"]
        if into is not None:
            with _sent(server, item["url"]) as answer:
                (into / f"{item['type']}.{number}.ndjson").write_bytes(answer.read())
    return spent, counts


def import_(server: Server, where: str, files: Path) -> Spent:
    """What an import of all files takes."""
    inputs = [
        {"name": "input", "part": [{"name": "url", "valueUri": f"{where}/{path.name}"}]}
        for path in sorted(files.iterdir())
    ]
    body = {"resourceType": "Parameters", "parameter": inputs}
    spent, manifest = _done(server, "$import", body)
    for item in manifest["error"]:
        print(f"{item['count']} lines of {item['inputUrl']} were refused")
    return spent


def _done(server: Server, operation: str, body: Any) -> tuple[Spent, Any]:
    assert server.up is not None
    meter = Meter({"server": {server.up.pid}, "database": {server.postmaster().pid}})
    before, began = meter.read(), time.monotonic()
    manifest = _finished(server, _asked(server, operation, body))
    took, spent = time.monotonic() - began, meter.since(before)
    return Spent(took, {party: spent[party] for party in meter.roots}), manifest


def _asked(server: Server, operation: str, body: Any) -> str:
    with _sent(server, f"{server.base}/{operation}", body, Prefer="respond-async") as answer:
        return str(answer.headers["Content-Location"])


def _finished(server: Server, where: str) -> Any:
    while True:
        with _sent(server, where) as answer:
            if answer.status == 200:
                return json.load(answer)
        time.sleep(POLL_SECONDS)


def _sent(server: Server, url: str, body: Any = None, **headers: str) -> Any:
    data = None if body is None else json.dumps(body).encode()
    about = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/fhir+json"}
    return urlopen(Request(url, data, {**about, **headers}), timeout=600)


def _say(what: str, counts: Counter[str], spent: Spent) -> None:
    total = counts.total()
    costs = " + ".join(f"{1e3 * s / total:.3f} ms {p}" for p, s in spent.processor.items())
    print(
        f"{what}: {total:,} resources in {spent.seconds:.1f} s, {total / spent.seconds:,.0f} a "
        f"second; processor time of each {costs}",
        flush=True,
    )


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main()
