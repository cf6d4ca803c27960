"""A load from beginning to end."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fhirserver.app import engine_again, open_database
from fhirserver.audit.commands import record_imports
from fhirserver.errors import Unavailable
from fhirserver.loader.progress import Show, shown
from fhirserver.loader.schedule import Schedule
from fhirserver.loader.sources import files_in, pieces
from fhirserver.loader.summary import Summary
from fhirserver.processes import pool
from fhirserver.search.site import site_of
from fhirserver.settings import Settings


class Stopped(Exception):
    """A load that came to a stop before its end; what it has stored stays stored."""

    def __init__(self, why: str, summary: Summary) -> None:
        super().__init__(why)
        self.summary = summary


@dataclass(slots=True)
class _Meter:
    show: Show
    summary: Summary
    started: float
    done_bytes: int = 0

    def advance(self, weight: int) -> None:
        self.done_bytes += weight
        self.summary.seconds = time.monotonic() - self.started
        total = self.summary.counts.total()
        self.show(self.done_bytes, f"{total:,} resources, {self.summary.rate:,.0f} a second")


def _put_on_record(settings: Settings, names: Sequence[str]) -> None:
    database = open_database(settings)
    try:
        record_imports(database, site_of(settings), names)
    finally:
        database.close()


def load(
    settings: Settings, paths: Sequence[Path], *, jobs: int | None = None, is_again: bool = False
) -> Summary:
    """Load all files at these paths; the database is there and migrated.

    Raises Stopped when the database goes away, or when we are asked to stop.
    """
    files = list(files_in(paths))
    summary = Summary()
    try:
        _put_on_record(settings, [f.path.name for f in files])
    except Unavailable as error:
        raise Stopped(str(error), summary) from error
    with shown(sum(map(_size, (f.path for f in files)))) as show:
        meter = _Meter(show, summary, time.monotonic())
        executor = pool(partial(engine_again, settings), jobs or os.cpu_count() or 1)
        schedule = Schedule(executor, jobs or os.cpu_count() or 1, summary, is_again, meter.advance)
        try:
            schedule.run(pieces(files))
        except KeyboardInterrupt as error:
            raise Stopped("stopped", summary) from error
        except Unavailable as error:
            raise Stopped(str(error), summary) from error
        except BrokenProcessPool as error:
            raise Stopped(
                "a worker process was killed, perhaps for want of memory", summary
            ) from error
        finally:
            executor.shutdown(cancel_futures=True)
            summary.seconds = time.monotonic() - meter.started
    return summary


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
