"""Workflows run as in a worker: relayed from the change log, done by threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fhirserver import ids, queues
from fhirserver.reactions.running import Running
from fhirserver.workflows import reaction
from fhirserver.workflows.registering import Workflow


@pytest.fixture
def engine(app):
    return app.extensions["fhirserver"]


def _workflow(name, types, act, act_on_all=None) -> Workflow:
    return Workflow(name, frozenset(types), act, act_on_all=act_on_all)


@pytest.fixture
def reacting(database, engine, monkeypatch):
    """`with reacting({"name": (types, act)}, {"timer": remind}):` runs these and no others.

    A workflow may have a third part: what it does for many changes at once.
    """
    reader = f"workflows-{ids.new()}"
    monkeypatch.setattr(reaction, "READER", reader)
    topics = set()

    @contextmanager
    def run(acts, reminders=None, *, workers: int = 1) -> Iterator[None]:
        known = {n: _workflow(n, *made) for n, made in acts.items()}
        topics.update(reaction.topic(n) for n in known)
        topics.update(f"timer.{n}" for n in reminders or {})
        queues.begin(database, reader)
        made = [
            Running(database, [reaction.reaction_of(engine, known, reminders or {})])
            for _ in range(workers)
        ]
        for one in made:
            one.start()
        try:
            yield
        finally:
            for one in made:
                one.stop()

    yield run
    queues.forget(database, reader)
    database.write("DELETE FROM queue.item WHERE topic = ANY(%s)", (list(topics),))


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Waits until a claim is true."""

    def wait(claim: Callable[[], object], seconds: float = 60.0, pause: float = 0.01) -> None:
        ends = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < ends, "it never came true"
            time.sleep(pause)

    return wait


@pytest.fixture
def settled(database, eventually) -> Callable[..., None]:
    """Waits until what was written has been read and these topics have nothing left to do."""

    def wait(*topics: str) -> None:
        eventually(lambda: _is_quiet(database, set(topics)), 60, pause=0.05)

    return wait


def _is_quiet(database, topics: set[str]) -> bool:
    readers = [b for b in queues.behind(database) if b.name.startswith("workflows-")]
    waiting = [s for s in queues.standing(database) if s.topic in topics and s.waiting]
    return not any(b.changes for b in readers) and not waiting
