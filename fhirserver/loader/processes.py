"""The worker processes: each has its own engine, and ends with the load, however that ends."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection
from typing import Final

from fhirserver.app import open_database, open_engine
from fhirserver.interactions.context import Context
from fhirserver.loader import work
from fhirserver.loader.pieces import Piece, Result
from fhirserver.loader.work import Options
from fhirserver.settings import Settings

_contexts: Final[list[Context]] = []


def pool(settings: Settings, jobs: int) -> ProcessPoolExecutor:
    """So many processes that can be sent `load_in_process`."""
    return ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=_start, initargs=(settings,)
    )


def load_in_process(piece: Piece, options: Options) -> Result:
    """Load a piece in a worker process."""
    return work.load(_contexts[0], piece, options)


def _start(settings: Settings) -> None:
    # Ctrl-C goes to the parent, which lets the pieces under way come to their end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("fhirserver").setLevel(logging.ERROR)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _contexts.append(open_engine(settings, open_database(settings)).own_context)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        # Nobody waits for an answer any more; PostgreSQL rolls back what is under way.
        os._exit(1)
