"""Worker processes, each with an engine of its own: for work that keeps more than one core busy.

    executor = pool(engine.again, 2)
    executor.submit(in_process, load, piece)        # load(engine, piece), over there

They end with the process that started them, however that ends.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection
from typing import Concatenate, Final, ParamSpec, TypeVar

from fhirserver.engine import Engine
from fhirserver.garbage import settled

P = ParamSpec("P")
R = TypeVar("R")

_engines: Final[list[Engine]] = []


def pool(again: Callable[[], Engine], jobs: int) -> ProcessPoolExecutor:
    """So many processes; `again` can be pickled, and opens the engine in each."""
    return ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=_start, initargs=(again,)
    )


def in_process(act: Callable[Concatenate[Engine, P], R], *args: P.args, **more: P.kwargs) -> R:
    """Do something with the engine of this process."""
    return act(_engines[0], *args, **more)


def _start(again: Callable[[], Engine]) -> None:
    # Ctrl-C goes to the parent, which lets what is under way come to its end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("fhirserver").setLevel(logging.ERROR)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _engines.append(again())
    settled()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        # Nobody waits for an answer any more; PostgreSQL rolls back what is under way.
        os._exit(1)
