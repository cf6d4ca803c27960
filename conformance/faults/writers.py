"""Many clients at once, each a thread with a connection of its own, and what they were told."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from conformance.faults.client import Answer, Client, Lost
from conformance.faults.server import Server
from fhirserver import ids

PAUSE_SECONDS = 0.05
LOST = "no answer"


@dataclass(frozen=True, slots=True)
class Written:
    """A version that the server has acknowledged, with the marker that its content carries."""

    type: str
    id: str
    version: int
    marker: str


@dataclass(slots=True)
class Tally:
    """What all writers were told; `statuses` counts an answer that never came as 0."""

    statuses: Counter[int] = field(default_factory=Counter)
    written: list[Written] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: Answer | None, *written: Written, seconds: float = 0.0) -> None:
        """Count an answer, None for one that was lost, and what it acknowledged."""
        with self._lock:
            self.statuses[answer.status if answer else 0] += 1
            self.slowest_seconds = max(self.slowest_seconds, seconds)
            if answer is None or answer.status >= 400:
                self.refusals[f"{answer.status} {answer.says}" if answer else LOST] += 1
            self.written += written

    def unexpected(self, *allowed: int) -> list[str]:
        """What was answered with another status than these."""
        return [
            f"{n} x {text}"
            for text, n in self.refusals.items()
            if (0 if text == LOST else int(text[:3])) not in allowed
        ]

    @property
    def refused(self) -> int:
        return self.refusals.total()

    @property
    def acknowledged(self) -> int:
        return sum(n for status, n in self.statuses.items() if 200 <= status < 300)


class Writer:
    """One client: sends, measures, and notes what it was told."""

    def __init__(
        self, server: Server, tally: Tally, number: int, markers: count[int], run: str
    ) -> None:
        self.client: Client = server.client()
        self.random = random.Random(number)
        self.number = number
        self.tally = tally
        self._markers = markers
        self._run = run

    def marker(self) -> str:
        """A text that no other write carries."""
        return f"{self._run}-{self.number}-{next(self._markers)}"


Act = Callable[[Writer], None]


def write_at_once(
    server: Server,
    act: Act,
    *,
    writers: int,
    seconds: float = 0.0,
    until: Callable[[], bool] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Tally:
    """Let that many writers repeat an act for so long, or until something is true; at least once.

    `meanwhile` runs beside them. A writer whose connection is lost, or who is told to try again,
    waits a moment and goes on, as a real client does.
    """
    tally = Tally()
    markers, name = count(), ids.new()[:8]
    start = threading.Barrier(writers + 1)
    began = time.monotonic()
    failures: list[BaseException] = []

    def run(number: int) -> None:
        writer = Writer(server, tally, number, markers, name)
        start.wait()
        try:
            is_over = until or (lambda: time.monotonic() >= began + seconds)
            while True:
                before = tally.refused
                try:
                    act(writer)
                except Lost:
                    tally.note(None)
                if is_over():
                    break
                if tally.refused > before:
                    time.sleep(PAUSE_SECONDS)
        except BaseException as error:
            failures.append(error)
        finally:
            writer.client.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    start.wait()
    try:
        if meanwhile is not None:
            meanwhile()
    finally:
        for thread in threads:
            thread.join()
    tally.seconds = time.monotonic() - began
    if failures:
        raise failures[0]
    return tally
