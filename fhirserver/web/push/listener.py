"""One connection: what waits to be sent on it, and when it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from fhirserver.web.push.source import Told
from fhirserver.web.push.wanted import Wanted

MOST_WAITING: Final = 2_000
"""Events that wait for one who doesn't read; then the connection ends, and may come back."""

GRACE_SECONDS: Final = 5.0

End = Literal["token", "behind", "trouble"]
"""Why a connection ends: the token has, the listener is too slow, or the database was."""


class Listener:
    """Somebody who listens, by their Authorization header; used in the event loop only."""

    __slots__ = ("_has_come", "_waiting", "authorization", "end", "on_end", "wanted")

    def __init__(self, authorization: str, wanted: Wanted) -> None:
        self.authorization = authorization
        self.wanted = wanted
        self.end: End | None = None
        self.on_end: Callable[[], object] | None = None
        """Is called when there was time for the last words, read or not."""
        self._waiting: deque[Told] = deque()
        self._has_come = asyncio.Event()

    def put(self, told: Iterable[Told]) -> None:
        """Let this be sent."""
        before = len(self._waiting)
        if self.end is None:
            self._waiting.extend(told)
        if len(self._waiting) > before:
            if len(self._waiting) > MOST_WAITING:
                self.finish("behind")
            self._has_come.set()

    def finish(self, why: End) -> None:
        """Send nothing more."""
        if self.end is None:
            self.end = why
            self._waiting.clear()
            self._has_come.set()
            if self.on_end is not None:
                asyncio.get_running_loop().call_later(GRACE_SECONDS, self.on_end)

    async def next(self, seconds: float) -> Sequence[Told]:
        """What has come, at once; nothing after so long without anything, or at the end."""
        if not self._waiting and self.end is None:
            try:
                async with asyncio.timeout(seconds):
                    await self._has_come.wait()
            except TimeoutError:
                return ()
        self._has_come.clear()
        found = tuple(self._waiting)
        self._waiting.clear()
        return found
