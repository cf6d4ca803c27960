"""A child that keeps failing ends everything, unless what it needs was away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, cast

import pytest

from fhirserver.embedded.children import Child
from fhirserver.embedded.failures import CannotStart
from fhirserver.embedded.supervisor import FAST_FAILURES, Service, Supervisor, _Running


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
