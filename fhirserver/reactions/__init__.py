"""What the server does because something was written, after it was committed.

    @reactions.register("greetings")
    def greetings(engine: Engine) -> Reaction:
        return Reaction(
            readers=[Reader("greetings", chosen)],      # change log -> queue, exactly once
            workers=[Worker("greeting", act)],          # queue -> deed, at least once
        )

A reader has a place in the change log; what it makes of the changes lies in the queue when that
place moves on, in one transaction. Workers do what is in the queue. Both run as threads of
`fhirserver worker` (running.py), in as many processes as there are. See README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.engine import Engine
from fhirserver.queues import (
    LANES_AT_ONCE,
    LONGEST_DELAY,
    MOST_ATTEMPTS,
    OF_A_LANE,
    Act,
    ActTogether,
    Change,
    Connection,
    Item,
    New,
)
from fhirserver.registry import Registry

__all__ = ["Change", "Connection", "Item", "New", "Reaction", "Reader", "Worker", "reactions"]

Chosen = Callable[[Connection, Sequence[Change]], Sequence[tuple[str, New]]]
"""What is to be done because of some changes: topics and items, in order.

It is called in the transaction that puts them into the queue, and may write in it; it must not
raise for a change that it doesn't like, since its reader would never get past that.
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of the change log, by its name in `queue.reader`."""

    name: str
    chosen: Chosen
    at_once: int = 1000


@dataclass(frozen=True, slots=True)
class Worker:
    """Who does what is due of a topic: at most so many threads in each process.

    As many as `waiting` says are beside those for lanes whose items take long (pace.py). `lanes`
    is how many lanes a thread takes on at a time, `of_a_lane` items of each: few, where one may
    take long. `longest_delay` is how many seconds may pass between two attempts. `together` may do
    items of several lanes at once (queues.work).
    """

    topic: str
    act: Act
    threads: int = 2
    waiting: int = 0
    lanes: int = LANES_AT_ONCE
    of_a_lane: int = OF_A_LANE
    most_attempts: int = MOST_ATTEMPTS
    lease_seconds: float = 60.0
    longest_delay: float = LONGEST_DELAY
    together: ActTogether | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """A part of the server that reacts."""

    readers: Sequence[Reader] = ()
    workers: Sequence[Worker] = ()


reactions: Final[Registry[Callable[[Engine], Reaction]]] = Registry("reaction")
