"""The roles of the server as children of `up`: each is `python -m fhirserver ROLE`."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from fhirserver.embedded.children import Child, spawn, stop
from fhirserver.embedded.failures import CannotStart, reason

STOP = {signal.SIGTERM: 6.0, signal.SIGKILL: 2.0}
START_SECONDS = 120.0
LOG_BYTES = 20_000_000
MOST_NEWS = 100_000
MARK = "FHIRSERVER_CHILD_OF"


@dataclass(frozen=True, slots=True)
class Role:
    """A child that runs `fhirserver` with these arguments and writes to DATA_DIR/log/NAME.log.

    `ready` tells whether it works already; a role without it is taken as ready at once. One that
    runs `once` may end by itself. What is `told` are lines of its log that begin so, which are for
    the person at the terminal, too.
    """

    name: str
    arguments: tuple[str, ...]
    data_dir: Path
    environment: Mapping[str, str]
    ready: Callable[[], bool] | None = None
    once: bool = False
    told: re.Pattern[str] | None = None

    @property
    def log(self) -> Path:
        return self.data_dir / "log" / f"{self.name}.log"

    def start(self) -> Child:
        """Start the role and wait until it is ready. Raises CannotStart, with its last words."""
        try:
            self.log.parent.mkdir(mode=0o700, exist_ok=True)
            self.trim_log()
            with self.log.open("ab") as output:
                child = spawn(
                    [sys.executable, "-m", "fhirserver", *self.arguments],
                    environment={**self.environment, MARK: str(self.data_dir)},
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
        except OSError as error:
            raise CannotStart(f"can't start {self.name}: {reason(error)}") from error
        try:
            self._await_ready(child)
        except BaseException:
            self.stop(child)
            raise
        return child

    def stop(self, child: Child) -> None:
        """Stop the role: gracefully, then by force."""
        stop(child, STOP)

    def last_words(self) -> str:
        """The last line of its log."""
        try:
            said = self.log.read_bytes()[-4000:].decode(errors="replace").strip()
        except OSError:
            return ""
        return said.splitlines()[-1] if said else ""

    def news(self, since: int) -> tuple[list[str], int]:
        """The whole lines of its log from that byte on that are told, and how far they go."""
        if self.told is None:
            return [], since
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(since if since <= size else 0)  # Else it was trimmed.
                since, said = file.tell(), file.read(MOST_NEWS)
        except OSError:
            return [], since
        whole = said[: said.rfind(b"\n") + 1]
        lines = whole.decode(errors="replace").splitlines()
        return [line for line in lines if self.told.match(line)], since + len(whole)

    def trim_log(self) -> None:
        """Move a log that has grown large aside; the child goes on writing to the same file."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                with self.log.open("r+b") as file:
                    file.truncate(0)

    def _await_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.ready is not None and not self.ready():
            if child.poll() is not None:
                raise CannotStart(f"{self.name} can't start: {self.last_words()}; see {self.log}")
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.name} doesn't get ready: see {self.log}")
            time.sleep(0.05)


def answers(host: str, port: int, path: str, *, is_tls: bool = False) -> Callable[[], bool]:
    """Whether a web server answers this path with 200; an address for all means this machine.

    Over TLS, one that refuses us because we have no certificate is there, too.
    """
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is only compared

    def connected() -> http.client.HTTPConnection:
        if not is_tls:
            return http.client.HTTPConnection(own, port, timeout=2)
        # It is our own server, asked by an address that its certificate needn't name.
        trusting = ssl._create_unverified_context()  # noqa: S323, SLF001
        return http.client.HTTPSConnection(own, port, timeout=2, context=trusting)

    def ask() -> bool:
        connection = connected()
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except ssl.SSLError as error:
            return "CERTIFICATE_REQUIRED" in str(error) or "HANDSHAKE_FAILURE" in str(error)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


def listens(host: str, port: int) -> Callable[[], bool]:
    """Whether somebody listens on a port."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is only compared

    def ask() -> bool:
        try:
            socket.create_connection((own, port), timeout=2).close()
        except OSError:
            return False
        return True

    return ask


def clear_leftovers(data_dir: Path) -> None:
    """Kill roles of this data directory whose `up` is gone. The caller holds its lock."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(data_dir):
                process.kill()
                process.wait(5)
