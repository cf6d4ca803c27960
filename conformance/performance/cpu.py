"""CPU seconds of each party to a run, so that what a request costs is known on a shared machine.

Parties are process trees. A parent has the CPU time of children that ended (Linux), so PostgreSQL
backends that come and go are counted too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

import psutil

from conformance.performance.client import Target

DATABASE: Final = ("postgres",)
BROKER: Final = ("valkey", "redis", "celery", " worker", " beat")
_LOCAL: Final = {"127.0.0.1", "localhost", "::1"}

Processes = Mapping[str, set[int]]


class Meter:
    """Reads the CPU seconds of the driver, of named process trees, and of the rest of the machine."""

    def __init__(self, roots: Mapping[str, Iterable[int]] | None = None) -> None:
        self.roots = {party: set(pids) for party, pids in (roots or {}).items()}

    def read(self) -> dict[str, float]:
        """CPU seconds so far; `elsewhere` is what the machine spent on nobody here."""
        own = os.times()
        spent = {"driver": own.user + own.system + own.children_user + own.children_system}
        trees: dict[str, float] = dict.fromkeys(self.roots, 0.0)
        taken = {pid for pids in self.roots.values() for pid in pids}
        for party, pids in self.roots.items():
            trees[party] = sum(_tree(pid, taken - {pid}) for pid in pids)
        machine = psutil.cpu_times()
        busy = (
            sum(machine)
            - machine.idle
            - getattr(machine, "iowait", 0.0)
            - getattr(machine, "guest", 0.0)
        )
        return spent | trees | {"elsewhere": busy - sum(trees.values()) - spent["driver"]}

    def since(self, before: Mapping[str, float]) -> dict[str, float]:
        """CPU seconds spent since an earlier reading."""
        return {party: max(0.0, now - before.get(party, 0.0)) for party, now in self.read().items()}


def _tree(root: int, others: set[int]) -> float:
    """CPU seconds of a process and what it started, without branches that are another party's."""
    try:
        process = psutil.Process(root)
        times = process.cpu_times()
        spent = times.user + times.system
        spent += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        children = process.children()
    except psutil.Error:
        return 0.0
    return float(spent) + sum(
        _tree(child.pid, others) for child in children if child.pid not in others
    )


def parties(
    target: Target, server_pids: Iterable[int] = (), database_pids: Iterable[int] = ()
) -> dict[str, set[int]]:
    """The process trees of server, database and broker, found on this machine as far as possible."""
    servers = set(server_pids) or listening(target)
    databases, brokers = set(database_pids), set[int]()
    for pid in servers:
        for child in _descendants(pid):
            name = _name(child)
            if name.startswith(DATABASE) and not databases & _ancestors(child):
                databases.add(child.pid)
            elif any(word in name for word in BROKER) and not brokers & _ancestors(child):
                brokers.add(child.pid)
    found = {"server": servers, "database": databases, "broker and workers": brokers}
    return {party: pids for party, pids in found.items() if pids}


def listening(target: Target) -> set[int]:
    """The topmost processes that listen on the target's port, when it's on this machine."""
    if target.host not in _LOCAL:
        return set()
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return set()
    pids = {
        c.pid
        for c in connections
        if c.status == psutil.CONN_LISTEN and c.laddr.port == target.port and c.pid is not None
    }
    return {pid for pid in pids if not pids & (_ancestors(psutil.Process(pid)) - {pid})}


def postmaster_of(pid: int) -> set[int]:
    """The postmaster above a backend, if the backend runs on this machine."""
    try:
        process = psutil.Process(pid)
        parent = process.parent()
    except psutil.Error:
        return set()
    return {parent.pid} if parent and _name(parent).startswith(DATABASE) else set()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []


def _ancestors(process: psutil.Process) -> set[int]:
    try:
        return {process.pid, *(parent.pid for parent in process.parents())}
    except psutil.Error:
        return {process.pid}


def _name(process: psutil.Process) -> str:
    """The program's name and its first arguments, which name a Python program."""
    try:
        return " ".join([process.name(), *process.cmdline()[1:4]])
    except psutil.Error:
        return ""
