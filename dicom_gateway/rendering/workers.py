"""A pool of worker processes, started when they are needed, ended when they take too long.

They end with this process, too, as their input does then.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from dicom_gateway.rendering import talking
from dicom_gateway.rendering.limits import MOST_WHOLE_BYTES, Overloaded, Undecodable

START_SECONDS: Final = 60.0
WAIT_SECONDS: Final = 20.0
MOST_TASKS: Final = 2_000
"""After so many a worker is replaced, so that what libraries leak stays small."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a worker has made, and what it says about it."""

    content: bytes
    about: dict[str, Any]


class Workers:
    """So many processes at most; what comes while all are busy waits for a while."""

    def __init__(self, count: int, seconds: float) -> None:
        self._seconds = seconds
        self._free = threading.BoundedSemaphore(count)
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()

    def do(
        self, task: str, *payload: Sequence[bytes], seconds: float | None = None, **words: Any
    ) -> Made:
        """Have a task done; each payload is given in pieces. Raises Undecodable, Overloaded."""
        sizes = [sum(map(len, pieces)) for pieces in payload]
        pieces = (piece for one in payload for piece in one)
        return self.stream(task, pieces, sizes, seconds=seconds, **words)

    def stream(
        self,
        task: str,
        pieces: Iterable[bytes],
        sizes: Sequence[int],
        *,
        seconds: float | None = None,
        **words: Any,
    ) -> Made:
        """The same with bytes that come from somewhere."""
        if sum(sizes) > 2 * MOST_WHOLE_BYTES:
            raise Undecodable("it is too large to be decoded")
        with self._worker() as worker:
            return worker.done({"task": task, "sizes": list(sizes), **words}, pieces, sum(sizes),
                               seconds or self._seconds)  # fmt: skip

    def end(self) -> None:
        """End the idle ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

    @contextlib.contextmanager
    def _worker(self) -> Iterator[_Worker]:
        if not self._free.acquire(timeout=WAIT_SECONDS):
            raise Overloaded
        try:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None or not worker.is_alive:
                worker = _Worker()
            try:
                yield worker
            except Undecodable:
                raise
            except BaseException:
                worker.kill()
                raise
            finally:
                if worker.is_alive and worker.count < MOST_TASKS:
                    with self._lock:
                        self._idle.append(worker)
                else:
                    worker.kill()
        finally:
            self._free.release()


class _Worker:
    """One process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dicom_gateway.rendering.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self.count = 0
        # Ended, too, when nobody refers to this any more, and when the interpreter ends.
        self._end = weakref.finalize(self, _end, self._process)
        with self._watched(START_SECONDS):
            talking.receive(self._out, 0)

    @property
    def is_alive(self) -> bool:
        return self._end.alive and self._process.poll() is None

    def done(
        self, words: dict[str, Any], payload: Iterable[bytes], size: int, seconds: float
    ) -> Made:
        """Do a task. Raises Undecodable."""
        self.count += 1
        with self._watched(seconds):
            talking.send(self._in, words, payload, size)
            answer, content = talking.receive(self._out, MOST_WHOLE_BYTES * 2)
        if "refused" in answer:
            raise Undecodable(str(answer["refused"])[:200])
        return Made(content, answer.get("about") or {})

    def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        self._end()

    @contextlib.contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """End the process when this takes longer. Raises Undecodable when it ends meanwhile."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (talking.Ended, BrokenPipeError) as error:
            if self._process.poll() is None and not late.is_set():
                self._process.kill()
            self.kill()
            why = "that takes too long" if late.is_set() else "decoding them failed"
            raise Undecodable(f"the pixels can't be decoded: {why}") from error
        finally:
            timer.cancel()

    @property
    def _in(self) -> BinaryIO:
        assert self._process.stdin is not None
        return self._process.stdin  # type: ignore[return-value]

    @property
    def _out(self) -> BinaryIO:
        assert self._process.stdout is not None
        return self._process.stdout  # type: ignore[return-value]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()


def _environment() -> dict[str, str]:
    """Nothing of the server's settings, which hold secrets."""
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        # A pool of threads for each worker would only take memory.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
