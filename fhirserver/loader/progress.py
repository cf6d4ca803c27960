"""How far a load is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

EVERY_SECONDS: Final = 10.0

Show = Callable[[int, str], None]
"""Told how many bytes of the files are done with, and what to say about it."""


@contextmanager
def shown(total_bytes: int) -> Iterator[Show]:
    """Shows the progress on standard error inside the block."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console, total_bytes)
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("", total=max(total_bytes, 1))

        def show(done_bytes: int, text: str) -> None:
            progress.update(task, completed=done_bytes, description=text)

        yield show


def _lines(console: Console, total_bytes: int) -> Show:
    next_time = time.monotonic() + EVERY_SECONDS

    def show(done_bytes: int, text: str) -> None:
        nonlocal next_time
        if time.monotonic() >= next_time:
            next_time = time.monotonic() + EVERY_SECONDS
            percent = 100 * done_bytes // max(total_bytes, 1)
            console.print(f"{min(percent, 100)} % {text}", markup=False, highlight=False)

    return show
