"""Starts children in order, restarts one that dies, and stops all of them in reverse."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from types import FrameType
from typing import Protocol

from fhirserver.embedded.children import STOP_SIGNALS, Child, clear, stop_forgotten
from fhirserver.embedded.failures import CannotStart
from fhirserver.embedded.roles import Role

POLL_SECONDS = 0.2
TRIM_SECONDS = 60.0

# A child that ended this soon after its start has failed fast; one that did so many times and never
# lived longer is hopeless. One that did is started again for ever: the others are needed meanwhile.
FAST_SECONDS = 15.0
FAST_FAILURES = 5
BACKOFF_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0)

Say = Callable[[str, str], None]


class Service(Protocol):
    """What the supervisor starts and stops."""

    @property
    def name(self) -> str: ...

    @property
    def once(self) -> bool: ...

    def start(self) -> Child: ...

    def stop(self, child: Child) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do between two starts; it returns what it did, in a few words."""

    name: str
    run: Callable[[], str]


@dataclass(slots=True)
class _Running:
    service: Service
    child: Child | None
    started: float = field(default_factory=time.monotonic)
    failures: int = 0
    has_lived: bool = False
    due: float = 0.0
    read: int = 0  # so many bytes of its log


class _Stopped(BaseException):
    """The user or the system asked us to stop."""


class Supervisor:
    """Runs a plan until it is told to stop. `say` prints one line: who, and what happened."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._running: list[_Running] = []
        self._stopping = False
        self._trimmed = time.monotonic()

    def run(self, plan: Sequence[Service | Step]) -> None:
        """Carry out the plan, then watch over it until SIGINT, SIGTERM or SIGHUP.

        Raises CannotStart when a part of the plan fails, or a child keeps dying that has never
        lived for a while; everything that was started is stopped before that.
        """
        with self._signals():
            try:
                for part in plan:
                    self._begin(part)
                while True:
                    time.sleep(POLL_SECONDS)
                    self._watch()
            except _Stopped:
                self._say("up", "stopping")
            finally:
                self._stopping = True
                self._stop_all()

    def _begin(self, part: Service | Step) -> None:
        """Carry out a part of the plan; once more, when something before it has died meanwhile."""
        for left in reversed(range(FAST_FAILURES)):
            known = len(self._running)
            try:
                self._carry_out(part)
            except CannotStart as error:
                del self._running[known:]
                if not left or not self._has_lost():
                    raise
                self._say(part.name, f"{error}; starting it again")
            else:
                return
            while self._has_lost():
                self._watch()
                time.sleep(POLL_SECONDS)

    def _has_lost(self) -> bool:
        return any(
            r.child is None or r.child.poll() is not None
            for r in self._running
            if not r.service.once
        )

    def _carry_out(self, part: Service | Step) -> None:
        began = time.monotonic()
        if isinstance(part, Step):
            self._say(part.name, part.run())
            return
        running = _Running(part, None, read=_size(part))
        self._running.append(running)
        running.child = part.start()
        running.started = time.monotonic()
        waited = not isinstance(part, Role) or part.ready is not None
        took = f"ready ({running.started - began:.1f} s)"
        self._say(part.name, took if waited else "started")

    def _watch(self) -> None:
        now = time.monotonic()
        for running in list(self._running):
            self._tell(running)
            if running.child is None:
                if now >= running.due:
                    self._restart(running)
            elif running.child.poll() is not None:
                self._ended(running, running.child.returncode)
        if now - self._trimmed > TRIM_SECONDS:
            self._trimmed = now
            for running in self._running:
                if isinstance(running.service, Role):
                    running.service.trim_log()

    def _tell(self, running: _Running) -> None:
        if isinstance(running.service, Role):
            lines, running.read = running.service.news(running.read)
            for line in lines:
                self._say(running.service.name, line)

    def _ended(self, running: _Running, status: int) -> None:
        service, child = running.service, running.child
        if child is not None:
            clear(child)
        running.child = None
        why = f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        words = f": {service.last_words()}" if isinstance(service, Role) and status > 0 else ""
        if service.once:
            self._running.remove(running)
            self._say(service.name, "done" if status == 0 else f"failed ({why}){words}")
            return
        self._failed(running, f"ended ({why}){words}")

    def _restart(self, running: _Running) -> None:
        try:
            running.child = running.service.start()
        except CannotStart as error:
            running.started = time.monotonic()
            self._failed(running, str(error))
        else:
            running.started = time.monotonic()
            self._say(running.service.name, "ready again")

    def _failed(self, running: _Running, what: str) -> None:
        now = time.monotonic()
        fast = now - running.started < FAST_SECONDS
        running.has_lived = running.has_lived or not fast
        running.failures = running.failures + 1 if fast else 1
        if running.has_lived or not self._had_all(running):
            # The latter may have missed what is being started again: that ends nothing.
            running.failures = min(running.failures, FAST_FAILURES - 1)
        name = running.service.name
        if running.failures >= FAST_FAILURES:
            raise CannotStart(f"{name} fails again and again: {what}")
        pause = BACKOFF_SECONDS[running.failures - 1]
        running.due = now + pause
        self._say(name, f"{what}; starting it again" + (f" in {pause:.0f} s" if pause else ""))

    def _had_all(self, running: _Running) -> bool:
        """Whether all that comes before it in the plan was there all the time."""
        before = takewhile(lambda r: r is not running, self._running)
        return all(
            r.child is not None and r.child.poll() is None and r.started <= running.started
            for r in before
        )

    def _stop_all(self) -> None:
        # The roles get their signal at once and end side by side, then each is waited for.
        alive = [r for r in self._running if r.child is not None]
        for running in alive:
            if isinstance(running.service, Role) and running.child is not None:
                with contextlib.suppress(ProcessLookupError):
                    running.child.send_signal(signal.SIGTERM)
        for running in reversed(alive):
            if running.child is not None:
                running.service.stop(running.child)
                self._say(running.service.name, "stopped")
        self._running.clear()
        stop_forgotten()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            # Once only: a second Ctrl-C must not interrupt the stopping.
            if not self._stopping:
                self._stopping = True
                raise _Stopped

        before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _size(service: Service) -> int:
    """The size of its log before it starts: what is in it was told before."""
    if isinstance(service, Role) and service.log.exists():
        return service.log.stat().st_size
    return 0
