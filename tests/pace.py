"""Whether something is little work, on a machine of any pace that does other things as well.

Seconds on the clock tell what else the machine does. What a test allows here are seconds of work of
its own thread (waiting isn't counted, nor is what PostgreSQL or another process does), and of a
machine of today: where that is exceeded, the pace of this machine decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_YARDSTICK_SECONDS: Final = 0.008
"""What `_yardstick` takes of one core of a server of 2024."""


@contextmanager
def soon(seconds: float) -> Iterator[None]:
    """What this thread does meanwhile has to be so many seconds of work at the most."""
    start = time.thread_time()
    yield
    assert_soon(time.thread_time() - start, seconds)


def least(act: Callable[[], object], *, times: int = 5) -> float:
    """The seconds of this thread's work that something takes when nothing gets in its way."""
    return min(_spent(act) for _ in range(times))


def assert_soon(spent: float, seconds: float) -> None:
    """So much work of this thread, in seconds, is no more than is allowed."""
    if spent > seconds:
        slowness = max(_spent(_yardstick) for _ in range(5)) / _YARDSTICK_SECONDS
        assert spent <= seconds * slowness, f"{spent:.3f} s on a machine {slowness:.1f} times slow"


def _spent(act: Callable[[], object]) -> float:
    start = time.thread_time()
    act()
    return time.thread_time() - start


def _yardstick() -> int:
    texts = [str(number * 7919 % 20_011) for number in range(20_000)]
    counted: dict[str, int] = {}
    for text in sorted(texts):
        counted[text[:3]] = counted.get(text[:3], 0) + len(text)
    return len(counted)
