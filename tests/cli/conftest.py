"""`fhirserver up` as a user runs it: a process of its own, on a data directory of its own."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from conformance.loopback import unused_port
from fhirserver import embedded
from fhirserver.embedded.accounts import owner_for
from fhirserver.embedded.roles import MARK

HERE = Path(__file__).parent


def environment(**more: str) -> dict[str, str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
    # Two that run at the same time must not want the same port.
    return ours | {"PYTHONPATH": str(HERE), "FHIRSERVER_MLLP_PORT": "0"} | more


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "fhirserver", *arguments],
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def wait_for(claim: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Every process that belongs to this data directory, whoever its parent is by now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            inside = process.cwd().startswith(f"{data_dir}/")
            if inside or process.environ().get(MARK) == str(data_dir):
                found.append(process)
    return [p for p in found if _is_alive(p)]


def _is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that ends while it is looked at doesn't."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Up:
    """A running `fhirserver up`."""

    def __init__(self, data_dir: Path, *arguments: str, **more: str) -> None:
        self.data_dir = data_dir
        self.port = unused_port()
        self.output = data_dir.parent / f"output-{self.port}"
        command = ["up", "--data-dir", str(data_dir), "--port", str(self.port), *arguments]
        if "--factory" not in arguments:
            command += ["--factory", "tiny_app:application"]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fhirserver", *command],
                env=environment(**more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until(self, pattern: str) -> None:
        """Wait for a line of its output."""
        wait_for(lambda: re.search(pattern, self.said) or self.process.poll() is not None)
        assert re.search(pattern, self.said), self.said

    def ready(self) -> "Up":
        self.wait_until("the server is ready")
        return self

    def get(self, path: str = "/livez") -> str | None:
        """What the web server answers; None when it doesn't."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def processes(self) -> list[psutil.Process]:
        """Its children and their children, also those whose parent is gone."""
        return processes_of(self.data_dir)

    def roles(self, word: str) -> list[psutil.Process]:
        """Its own children that have this word on their command line."""
        ours = [p for p in self.processes() if p.ppid() == self.process.pid]
        return [p for p in ours if word in p.cmdline()]

    def wait_for(self, claim: Callable[[], object], seconds: float = 60) -> None:
        wait_for(claim, seconds)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def fhirserver() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end: `fhirserver("doctor", FHIRSERVER_PORT="1")`."""
    return run


@pytest.fixture
def free_port() -> int:
    return unused_port()


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    with embedded.postgres(folder):
        pass
    return folder


@pytest.fixture
def data_dir(made, tmp_path) -> Path:
    """A data directory with a fresh cluster."""
    cluster = tmp_path / "data/postgres"
    shutil.copytree(made / "postgres", cluster)
    if account := owner_for(made / "postgres"):
        for path in (cluster, *cluster.rglob("*")):
            os.chown(path, account.uid, account.gid)
    return tmp_path / "data"


@pytest.fixture
def up(data_dir) -> Iterator[Callable[..., Up]]:
    """Start `fhirserver up` on the data directory; everything is gone when the test ends."""
    started: list[Up] = []

    def start(*arguments: str, folder: Path = data_dir, **more: str) -> Up:
        started.append(Up(folder, *arguments, **more))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    for process in processes_of(data_dir):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
