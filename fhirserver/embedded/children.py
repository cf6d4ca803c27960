"""Child processes that never outlive us, started as leaders of process groups of their own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import psutil

from fhirserver.embedded.accounts import Account

Child = subprocess.Popen[bytes]
Output = int | IO[bytes] | None

PR_SET_PDEATHSIG = 1
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_libc = ctypes.CDLL(None)
_started: list[tuple[Child, signal.Signals]] = []


def spawn(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    stdout: Output = None,
    stderr: Output = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a child; on Linux it gets `death_signal` when the thread that started it is gone."""
    with _held() as mask:
        child = subprocess.Popen(  # noqa: S603 - no shell, and the callers' own programs
            [os.fspath(part) for part in command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # It runs after the change of user, which would forget the signal. It only makes
            # system calls, so it is safe in a process with threads.
            preexec_fn=_bind(death_signal, mask),  # noqa: PLW1509
        )
        _started[:] = [(c, s) for c, s in _started if c.poll() is None] + [(child, death_signal)]
    return child


def stop(child: Child, signals: Mapping[signal.Signals, float]) -> None:
    """Send each signal in turn and wait its seconds, until the child ends; then clear its group."""
    for number, seconds in signals.items():
        if child.poll() is not None:
            break
        child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    clear(child)


def stop_forgotten() -> None:
    """Stop children whose start was interrupted before anybody knew them."""
    for child, number in _started:
        if child.poll() is None:
            stop(child, {number: 5.0, signal.SIGKILL: 2.0})


def clear(child: Child) -> None:
    """Kill what is left of the child and of its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def running_in(folder: Path, pid: int) -> psutil.Process | None:
    """The process with this number, if it works in `folder`; None for one that is gone or dead.

    A number from a file may belong to anybody by now, so the number alone proves nothing.
    """
    try:
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder):
            return process
    except psutil.Error:
        return None
    return None


def stop_stranger(process: psutil.Process, signals: Mapping[signal.Signals, float]) -> None:
    """Like `stop`, for a process that isn't our child."""
    for number, seconds in signals.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        _, alive = psutil.wait_procs([process], seconds)
        if not alive:
            return


@contextlib.contextmanager
def _held() -> Iterator[set[int]]:
    """Signals wait until the end of the block, so that none comes between a fork and its record."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield {int(number) for number in before}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _bind(number: signal.Signals, mask: set[int]) -> Callable[[], None]:
    parent = os.getpid()

    def bind() -> None:
        if sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, int(number))
            if os.getppid() != parent:  # The parent died before the line above.
                os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    return bind
