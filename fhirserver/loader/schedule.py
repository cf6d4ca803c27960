"""Which piece is loaded next, and what waits for what. In the parent process.

The outcome is that of loading one piece after the other: a piece that needs something which isn't
there yet waits for the earlier ones that are still under way. What waits after that is tried again
when everything else has been loaded, in rounds, until a round stores nothing more.
"""

from __future__ import annotations

import contextlib
import pickle
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Final

from fhirserver.loader.pieces import PassedOver, Piece, Refused, Result
from fhirserver.loader.summary import Summary
from fhirserver.loader.work import Options, load
from fhirserver.processes import in_process

# Pieces that wait for earlier ones are held in memory.
MOST_HELD: Final = 16
_IN_MEMORY: Final = 8_000_000

Found = Piece | Refused | PassedOver


@dataclass(frozen=True, slots=True)
class _Task:
    """A piece and its place in the order."""

    number: int
    piece: Piece


class _Spool:
    """Pieces that wait on disk, in the order in which they were put there."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - see `close`
        self.length = 0

    def put(self, piece: Piece) -> None:
        pickle.dump(piece, self._file)
        self.length += 1

    def __iter__(self) -> Iterator[Piece]:
        self._file.seek(0)
        for _ in range(self.length):
            piece: Piece = pickle.load(self._file)  # noqa: S301 - our own, in a file without a name
            yield piece

    def close(self) -> None:
        self._file.close()


@dataclass(slots=True)
class Schedule:
    """Sends pieces to the workers, a few at a time, and adds up what becomes of them."""

    executor: Executor
    jobs: int
    summary: Summary
    is_again: bool
    advance: Callable[[int], None]
    """Told the weight of each piece that is done with."""
    _running: dict[Future[Result], _Task] = field(default_factory=dict)
    _held: dict[int, _Task] = field(default_factory=dict)
    _blockers: dict[int, set[int]] = field(default_factory=dict)
    _ready: deque[_Task] = field(default_factory=deque)
    _open: set[int] = field(default_factory=set)
    _later: _Spool = field(default_factory=_Spool)

    def run(self, found: Iterable[Found]) -> None:
        """Load everything."""
        try:
            self._rounds(found)
        finally:
            self._later.close()

    def _rounds(self, found: Iterable[Found]) -> None:
        self._round(found, Options(is_again=self.is_again))
        while self._later.length:
            spool, self._later = self._later, _Spool()
            stored, waiting = self.summary.stored, len(self.summary.waiting)
            self.summary.waiting.clear()
            with contextlib.closing(spool):
                self._round(spool, Options(is_again=self.is_again, is_last=True))
            if self.summary.stored == stored and len(self.summary.waiting) >= waiting:
                break
        self.summary.refused += self.summary.waiting
        self.summary.waiting.clear()

    def _round(self, found: Iterable[Found], options: Options) -> None:
        tasks = self._tasks(found)
        more = True
        while more or self._ready or self._running:
            while len(self._running) <= self.jobs and (self._ready or more):
                task = self._ready.popleft() if self._ready else next(tasks, None)
                if task is None:
                    more = False
                    continue
                self._open.add(task.number)
                future = self.executor.submit(in_process, load, task.piece, options)
                self._running[future] = task
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                self._settle(self._running.pop(future), future.result(), options)

    def _tasks(self, found: Iterable[Found]) -> Iterator[_Task]:
        for number, item in enumerate(found):
            match item:
                case Piece():
                    yield _Task(number, item)
                case Refused():
                    self.summary.refused.append(item)
                case PassedOver():
                    self.summary.passed_over.append(item)

    def _settle(self, task: _Task, result: Result, options: Options) -> None:
        """Take in a result; what is left of the piece waits, or is put off."""
        self.summary.add(result)
        self.advance(task.piece.weight)
        if result.deferred:
            left = _Task(task.number, Piece(tuple(result.deferred)))
            blockers = {n for n in self._open if n < task.number}
            if blockers and not options.is_last and len(self._held) < MOST_HELD:
                self._held[task.number] = left
                self._blockers[task.number] = blockers
                return
            self._later.put(left.piece)
            self.summary.waiting += result.waiting
        self._release(task.number)

    def _release(self, number: int) -> None:
        """Let go on what has waited for this piece alone."""
        self._open.discard(number)
        for waiting, blockers in list(self._blockers.items()):
            blockers.discard(number)
            if not blockers:
                del self._blockers[waiting]
                self._ready.append(self._held.pop(waiting))
