"""Bulk export and import of a running server, in resources a second.

    python -m conformance.performance.bulk [--data PATH]

A fresh server is loaded with the data, and exported; a second one imports what came of it, from a
file server on loopback, and is exported in turn: both must hold the same resources.
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
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from conformance.faults.server import Server

DATA = Path("../shared/data/synthea")
POLL_SECONDS = 0.1


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
        seconds, counts = export(first, files)
        _say("export", counts, seconds)
        seconds, _ = export(first, None)
        _say("export again", counts, seconds)
    finally:
        first.stop()
    handler = partial(_Quiet, directory=str(files))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"http://127.0.0.1:{server.server_port}"
    second = Server(folder / "second", environment={"FHIRSERVER_BULK_IMPORT_SOURCES": where})
    second.start()
    try:
        _say("import", counts, import_(second, where, files))
        _, again = export(second, None)
        print("the same resources" if again == counts else f"differs: {counts - again}")
    finally:
        second.stop()
        server.shutdown()


def export(server: Server, into: Path | None) -> tuple[float, Counter[str]]:
    """The seconds an export takes, from asking to the manifest; its files go into the folder."""
    began = time.monotonic()
    manifest = _finished(server, _asked(server, "$export", None))
    took = time.monotonic() - began
    counts: Counter[str] = Counter()
    for number, item in enumerate(manifest["output"]):
        counts[item["type"]] += item["count"]
        if into is not None:
            with _sent(server, item["url"]) as answer:
                (into / f"{item['type']}.{number}.ndjson").write_bytes(answer.read())
    return took, counts


def import_(server: Server, where: str, files: Path) -> float:
    """The seconds an import of all files takes."""
    inputs = [
        {"name": "input", "part": [{"name": "url", "valueUri": f"{where}/{path.name}"}]}
        for path in sorted(files.iterdir())
    ]
    began = time.monotonic()
    body = {"resourceType": "Parameters", "parameter": inputs}
    manifest = _finished(server, _asked(server, "$import", body))
    took = time.monotonic() - began
    for item in manifest["error"]:
        print(f"{item['count']} lines of {item['inputUrl']} were refused")
    return took


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


def _say(what: str, counts: Counter[str], seconds: float) -> None:
    total = counts.total()
    print(f"{what}: {total:,} resources in {seconds:.1f} s, {total / seconds:,.0f} a second")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main()
