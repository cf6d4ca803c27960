"""How many slow requests one caller has going on in this process.

A process has few threads. Quick requests side by side are what every app does, and never refused;
a caller whose requests are slow leaves threads to others.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from fhirserver.web.protection.windows import Key

SLOW_SECONDS: Final = 1.0


class Running:
    """The heavy requests of each caller, by when they began."""

    def __init__(self, threads: int) -> None:
        self._most = max(1, threads - 1)
        self._since: dict[Key, list[float]] = {}
        self._changed = threading.Condition()

    def begin(self, caller: Key, slow_at_once: int) -> float | None:
        """When it began, for `end`; None when the caller has too many slow ones already.

        One thread is left to others: who has taken all but one waits until one of those ends, or
        is seen to be slow.
        """
        with self._changed:
            while True:
                now = time.monotonic()
                mine = self._since.get(caller, [])
                slow = sum(now - began >= SLOW_SECONDS for began in mine)
                if slow >= min(slow_at_once, self._most):
                    return None
                if len(mine) < self._most:
                    self._since.setdefault(caller, []).append(now)
                    return now
                eldest = min(began for began in mine if now - began < SLOW_SECONDS)
                self._changed.wait(max(0.001, eldest + SLOW_SECONDS - now))

    def end(self, caller: Key, began: float) -> None:
        """It is over."""
        with self._changed:
            mine = self._since[caller]
            mine.remove(began)
            if not mine:
                del self._since[caller]
            self._changed.notify_all()
