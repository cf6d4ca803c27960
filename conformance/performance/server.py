"""A server of this project, started for one run and stopped after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conformance.loopback import unused_port
from conformance.performance.client import Target
from conformance.performance.drive import fetch
from fhirserver import embedded, settings

READY_SECONDS = 180.0
STOP_SECONDS = 60.0


class NotStarted(Exception):
    """The server ended, or didn't answer in time; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Started:
    """A running server: what to call, its process, its database."""

    target: Target
    pid: int
    database_url: str


@contextmanager
def started(data_dir: Path | None = None, port: int | None = None) -> Iterator[Started]:
    """`fhirserver up` without demo data, in a folder of its own unless one is given."""
    with tempfile.TemporaryDirectory(prefix="fhirbench-", ignore_cleanup_errors=True) as temporary:
        home = (data_dir or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        # PostgreSQL runs under another account when we are root, and has to get through.
        Path(temporary).chmod(0o711)
        port = port or unused_port()
        log = Path(temporary) / "server.log"
        words = [*command(), "up", "--port", str(port), "--data-dir", str(home), "--no-demo"]
        words += ["--mllp-port", "0", "--dicom-port", "0"]
        with log.open("wb") as output:
            child = subprocess.Popen(words, stdout=output, stderr=output, start_new_session=True)
        try:
            target = Target.parse(f"http://127.0.0.1:{port}/fhir")
            wait_until_ready(child, target, log)
            token = _token(home)
            database_url = embedded.connection_url(settings.read(data_dir=home))
            yield Started(
                Target.parse(f"http://127.0.0.1:{port}/fhir", token), child.pid, database_url
            )
        finally:
            stop(child)


def command() -> list[str]:
    """How `fhirserver` is called here."""
    beside = Path(sys.executable).parent / "fhirserver"
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "fhirserver"]


def _token(home: Path) -> str:
    environment = os.environ | {"FHIRSERVER_DATA_DIR": str(home)}
    done = subprocess.run(
        [*command(), "token", "--scope", "system/*.cruds"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    words = done.stdout.split()
    if done.returncode or not words:
        raise NotStarted(f"`fhirserver token` failed: {done.stderr.strip()[-500:]}")
    return words[-1]


def wait_until_ready(child: subprocess.Popen[bytes], target: Target, log: Path) -> None:
    """Come back when a server answers; raises NotStarted with the end of its log."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if fetch(target, "GET", "metadata").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise NotStarted(f"the server isn't ready: {log.read_text(errors='replace')[-2000:]}")


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a process that leads a session of its own."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # The whole session is ours: `up` leads it.
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
