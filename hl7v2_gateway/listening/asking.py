"""Queries are answered beside the commits of messages: a search may take its time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from hl7v2_gateway.intake import Question

THREADS: Final = 4

Answer = Callable[[Question], bytes | None]


class Asking:
    """Some threads that answer; `close` lets go of what each has open."""

    def __init__(self, answer: Answer, close: Callable[[], None], threads: int = THREADS) -> None:
        self._answer = answer
        self._close = close
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hl7v2 query")

    async def answer(self, question: Question) -> bytes | None:
        """The response, if one is wanted. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._answer, question)

    def close(self) -> None:
        """End all threads."""
        together = threading.Barrier(self._threads)

        def end() -> None:
            together.wait()
            self._close()

        for one in [self._pool.submit(end) for _ in range(self._threads)]:
            one.result()
        self._pool.shutdown()
