"""A child that keeps failing ends everything, unless what it needs was away."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from fhirserver.embedded.children import Child
from fhirserver.embedded.failures import CannotStart
from fhirserver.embedded.supervisor import (
    FAST_FAILURES,
    FAST_SECONDS,
    Service,
    Supervisor,
    _Running,
)


class Named:
    """As much of a service as has a name."""

    once = False

    def __init__(self, name: str) -> None:
        self.name = name


def running(name: str, child: Child | None) -> _Running:
    return _Running(cast("Service", Named(name)), child)


@pytest.fixture
def child() -> Iterator[Child]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as made:
        yield made
        made.kill()


def fail(database: _Running, worker: _Running, times: int) -> list[Any]:
    said: list[Any] = []
    supervisor = Supervisor(lambda *words: said.append(words))
    supervisor._running = [database, worker]
    for _ in range(times):
        supervisor._failed(worker, "ended")
    return said


def test_who_fails_again_and_again_ends_everything(child: Child) -> None:
    database = running("postgresql", child)

    with pytest.raises(CannotStart, match="worker fails again and again"):
        fail(database, running("worker", None), FAST_FAILURES)


def test_who_fails_while_the_database_is_away_is_started_again() -> None:
    database = running("postgresql", None)

    said = fail(database, running("worker", None), 3 * FAST_FAILURES)

    assert len(said) == 3 * FAST_FAILURES


def test_who_began_before_the_database_was_back_is_started_again(child: Child) -> None:
    worker = running("worker", None)
    database = running("postgresql", child)

    assert len(fail(database, worker, 3 * FAST_FAILURES)) == 3 * FAST_FAILURES


def test_who_has_lived_for_a_while_is_started_again_for_ever(child: Child) -> None:
    """Whoever needs the record must not lose it because reminders can't be sent."""
    worker = running("worker", None)
    worker.started -= FAST_SECONDS + 1
    database = running("postgresql", child)
    assert len(fail(database, worker, 1)) == 1

    worker.started = time.monotonic()

    said = fail(database, worker, 3 * FAST_FAILURES)
    assert len(said) == 3 * FAST_FAILURES
    assert said[-1] == ("worker", "ended; starting it again in 4 s")


class Starting(Named):
    """A service that starts `children` one after the other; None is one that can't start."""

    def __init__(self, name: str, *children: Child | None) -> None:
        super().__init__(name)
        self._children = list(children)

    def start(self) -> Child:
        child = self._children.pop(0)
        if child is None:
            raise CannotStart(f"{self.name}: the database is away")
        return child


def begun(database: _Running, service: Starting) -> list[Any]:
    said: list[Any] = []
    supervisor = Supervisor(lambda *words: said.append(words))
    supervisor._running = [database]
    supervisor._begin(cast("Service", service))
    assert [r.service.name for r in supervisor._running] == ["postgresql", service.name]
    return said


def test_who_is_being_started_while_the_database_dies_is_started_again(child: Child) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    database = _Running(cast("Service", Starting("postgresql", child)), dead)

    said = begun(database, Starting("mllp", None, child))

    assert said[0] == ("mllp", "mllp: the database is away; starting it again")
    assert said[-1] == ("mllp", "ready (0.0 s)")


def test_who_cannot_be_started_while_all_else_is_there_ends_everything(child: Child) -> None:
    database = _Running(cast("Service", Named("postgresql")), child)

    with pytest.raises(CannotStart, match="the database is away"):
        begun(database, Starting("mllp", None))
