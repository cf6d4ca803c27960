"""`fhirserver up` as a child process on a data directory of its own, to be used and to be hurt."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from conformance.faults.client import Client, Lost
from conformance.loopback import unused_port
from fhirserver import embedded
from fhirserver.app import open_database
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.tokens import issue

READY_SECONDS = 300.0
STOP_SECONDS = 60.0
PROBE = {"resourceType": "Basic", "code": {"text": "Does it write?"}}


@dataclass(slots=True)
class Server:
    """A server on loopback. `start` returns when it answers; `token` may do everything."""

    data_dir: Path
    port: int = field(default_factory=unused_port)
    push_port: int = field(default_factory=unused_port)
    mllp_port: int = field(default_factory=unused_port)
    dicom_port: int = field(default_factory=unused_port)
    token: str = ""
    up: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    """Settings of its own."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.data_dir, port=self.port)

    def start(self) -> float:
        """Start it; returns the seconds until it answered."""
        began = time.monotonic()
        output = self._output
        ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
        command = ["up", "--data-dir", str(self.data_dir), "--port", str(self.port)]
        command += ["--push-port", str(self.push_port), "--mllp-port", str(self.mllp_port)]
        command += ["--dicom-port", str(self.dicom_port)]
        with output.open("ab") as file:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "fhirserver", *command],
                env=ours | self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        up = self.up
        wait_until(
            lambda: self.is_ready() or up.poll() is not None, READY_SECONDS, "the server is ready"
        )
        if up.poll() is not None:
            raise RuntimeError(f"`fhirserver up` ended: {self.last_words()}")
        took = time.monotonic() - began
        if not self.token:
            with self.database() as database:
                self.token = issue(
                    database, subject="faults", scope="system/*.cruds", lifetime_seconds=86_400
                )
        return took

    @property
    def _output(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    def last_words(self) -> str:
        """The end of what `fhirserver up` has said."""
        return self._output.read_text()[-1_500:]

    def is_ready(self) -> bool:
        """Whether the web server answers and reaches its database."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def recovered(self) -> float:
        """Wait until it answers and writes again; returns the seconds that took."""
        began = time.monotonic()
        wait_until(self.is_writing, READY_SECONDS, "the server writes again")
        return time.monotonic() - began

    def is_writing(self) -> bool:
        with self.client() as client, contextlib.suppress(Lost):
            return client.send("POST", "Basic", PROBE).status == 201
        return False

    def client(self, timeout_seconds: float = 60.0) -> Client:
        return Client(self.port, self.token, timeout_seconds=timeout_seconds)

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """Its database, for looking at what is really stored."""
        url = embedded.connection_url(self.settings)
        opened = open_database(Settings(database_url=url, search_timeout_seconds=300))
        try:
            yield opened
        finally:
            opened.close()

    def kill(self) -> None:
        """Kill -9 of the parent, and of nothing else."""
        assert self.up is not None
        self.up.send_signal(signal.SIGKILL)
        self.up.wait(10)

    def stop(self) -> None:
        """Stop it as Ctrl-C does; by force if that takes too long."""
        if self.up is None or self.up.poll() is not None:
            return
        self.up.send_signal(signal.SIGTERM)
        try:
            self.up.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.up.kill()
            self.up.wait(10)

    def processes(self) -> list[psutil.Process]:
        """The parent and everything that it started."""
        assert self.up is not None
        parent = psutil.Process(self.up.pid)
        return [parent, *parent.children(recursive=True)]

    def web_workers(self) -> list[psutil.Process]:
        """The processes that run our code for requests: the children of the HTTP server."""
        masters = [
            p
            for p in self.processes()
            if any("granian" in a for a in _command(p)) and "create_push" not in _text(p)
        ]
        found: list[psutil.Process] = []
        for master in masters:
            with contextlib.suppress(psutil.Error):
                found += [c for c in master.children() if "resource_tracker" not in _text(c)]
        return found

    def postmaster(self) -> psutil.Process:
        text = (self.data_dir / "postgres" / "postmaster.pid").read_text()
        return psutil.Process(int(text.split()[0]))

    def backends(self) -> list[psutil.Process]:
        """PostgreSQL's processes that serve our connections."""
        return [p for p in self.postmaster().children() if "fhirserver fhirserver" in _text(p)]


def _command(process: psutil.Process) -> list[str]:
    try:
        command: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return command


def _text(process: psutil.Process) -> str:
    return " ".join(_command(process))


def wait_until(claim: Callable[[], object], seconds: float, what: str) -> None:
    """Wait for something to be true; raises TimeoutError when it doesn't get so."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.05)


@contextlib.contextmanager
def running(data_dir: Path | None = None, **environment: str) -> Iterator[Server]:
    """A server that is gone when the block ends, with what it stored when no folder is given.

    With settings of its own: `running(FHIRSERVER_MAX_COUNT="10")`.
    """
    with tempfile.TemporaryDirectory(prefix="fhirserver-faults-") as folder:
        # PostgreSQL runs as a user of its own when we are root, and must get in.
        Path(folder).chmod(0o755)
        server = Server(data_dir or Path(folder, "data"), environment=environment)
        try:
            server.start()
            yield server
        finally:
            leftovers = server.processes() if server.up and server.up.poll() is None else []
            server.stop()
            for process in leftovers:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(leftovers, 10)
