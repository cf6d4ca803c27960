"""Who is slow: so that whoever waits for them keeps nobody else waiting.

A topic has threads for what goes quickly, and may have others to wait with. A lane whose last item
took long is slow, and only the latter take it on. A thread that finds out that its lane is slow
counts among the latter from then on, and another one takes its place; so even what nobody has
known to be slow delays the others by no more than a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from fhirserver.queues import Item

SLOW_SECONDS: Final = 1.0
MOST_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class Turn:
    """A thread at work: `since` is when it began with the item under way.

    `is_slow` when it waits for slow lanes, or has been held up by one.
    """

    is_slow: bool
    since: float | None = None

    def is_held_up(self, now: float) -> bool:
        return not self.is_slow and self.since is not None and now - self.since >= SLOW_SECONDS


class Pace:
    """Of one topic in one process: which lanes are slow, and which threads have what turn."""

    def __init__(
        self, threads: int, waiting: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threads = threads
        self._waiting = waiting
        self._clock = clock
        self._turns: list[Turn] = []
        self._slow: dict[str, None] = {}
        self._lock = threading.Lock()

    def begin(self) -> list[Turn]:
        """The turns for which there is a thread now; `end` each."""
        with self._lock:
            now = self._clock()
            waiting = [t for t in self._turns if t.is_slow or t.is_held_up(now)]
            quick = len(self._turns) - min(len(waiting), self._waiting)
            begun = []
            if quick < self._threads:
                begun.append(Turn(is_slow=False))
            if self._slow and len(waiting) < self._waiting:
                begun.append(Turn(is_slow=True))
            self._turns += begun
            return begun

    def end(self, turn: Turn) -> None:
        with self._lock:
            self._turns = [t for t in self._turns if t is not turn]

    def slow_lanes(self) -> list[str]:
        with self._lock:
            return list(self._slow)

    @contextmanager
    def timed(self, turn: Turn, item: Item) -> Iterator[None]:
        """Around what is done of an item: how long it takes says whether its lane is slow."""
        turn.since = began = self._clock()
        try:
            yield
        finally:
            is_slow = self._clock() - began >= SLOW_SECONDS
            turn.is_slow = turn.is_slow or is_slow
            turn.since = None
            self._note(item.lane, is_slow=is_slow)

    def _note(self, lane: str, *, is_slow: bool) -> None:
        if not self._waiting or is_slow == (lane in self._slow):
            return
        with self._lock:
            if is_slow:
                if len(self._slow) >= MOST_REMEMBERED:
                    self._slow.clear()
                self._slow[lane] = None
            else:
                self._slow.pop(lane, None)
