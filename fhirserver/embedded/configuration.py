"""The postgresql.conf of the embedded PostgreSQL, from the memory of the machine.

https://www.postgresql.org/docs/18/runtime-config.html
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

MB = 1024 * 1024

HEADER = """\
# Written by fhirserver at each start: changes here are lost.
# Put your own settings into custom.conf in this folder; they win.
"""

FIXED = {
    # Only a socket in a private folder: no network, no passwords.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "max_locks_per_transaction": "256",
    "work_mem": "16MB",
    "random_page_cost": "1.1",
    "jit": "off",
    # What was committed survives a loss of power.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "checkpoint_timeout": "15min",
    "min_wal_size": "256MB",
    "max_wal_size": "4GB",
    # Vacuum early and briskly: FHIR writes touch few tables, each of them often.
    "autovacuum_naptime": "20s",
    "autovacuum_vacuum_cost_limit": "2000",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "track_io_timing": "off",
    "timezone": "UTC",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.simple",
    # A week of logs. Details and parameters hold patient data, so they are never written.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def by_memory(memory_bytes: int) -> dict[str, str]:
    """The settings that grow with the machine.

    >>> by_memory(16 * 1024 * MB)["shared_buffers"]
    '2048MB'
    >>> by_memory(1024 * MB)["shared_buffers"]
    '128MB'
    """
    megabytes = memory_bytes // MB
    return {
        "shared_buffers": f"{min(max(megabytes // 8, 128), 2048)}MB",
        "effective_cache_size": f"{max(megabytes // 2, 256)}MB",
        "maintenance_work_mem": f"{min(max(megabytes // 32, 64), 512)}MB",
    }


def text(settings: Mapping[str, str]) -> str:
    """A postgresql.conf with these settings.

    >>> print(text({"jit": "off"}).splitlines()[-2])
    jit = 'off'
    """
    lines = [f"{name} = '{_quoted(value)}'\n" for name, value in settings.items()]
    return HEADER + "".join(lines) + "include_if_exists 'custom.conf'\n"


def for_this_machine() -> dict[str, str]:
    """All settings, for the memory we may use here."""
    settings = FIXED | by_memory(memory_bytes())
    if sys.platform == "linux":
        # After a crash one sync of the file system, not one of each of ten thousand files: that
        # took up to a minute.
        settings["recovery_init_sync_method"] = "syncfs"
    # Parallel queries need room in /dev/shm, of which a container has 64 MB.
    shared = Path("/dev/shm")  # noqa: S108 - it is only measured
    if shared.is_dir() and shutil.disk_usage(shared).total < 512 * MB:
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def memory_bytes() -> int:
    """The memory of the machine, or the limit of our container when that is less."""
    total: int = psutil.virtual_memory().total
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            limit = Path("/sys/fs/cgroup", name).read_text().strip()
        except OSError:
            continue
        if limit.isdecimal():
            return min(total, int(limit))
    return total


def _quoted(value: str) -> str:
    return value.replace("'", "''")
