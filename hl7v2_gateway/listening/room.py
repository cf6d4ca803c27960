"""How many bytes of messages a listener holds, however many connections send at once.

What is whole waits for its turn; of what isn't whole yet the connection that wants more than there
is room for is cut off: waiting might last for ever, because nobody gets to the end of a message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

SMALL: Final = 65_536
"""So much of a message may always be held: what one read brings."""


class Room:
    """For so many bytes of whole messages, and as many of those that are still coming."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._coming: dict[int, int] = {}
        self._coming_total = 0

    async def enter(self, size: int) -> None:
        """Wait for room for a whole message, in order; one alone always has room."""
        if not self._queue and self._is_room(size):
            self._waiting += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (size, turn)
        self._queue.append(place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(size)
            elif place in self._queue:
                self._queue.remove(place)
                self._admit()
            raise

    def leave(self, size: int) -> None:
        """A message is answered."""
        self._waiting -= size
        self._admit()

    def grows(self, connection: int, size: int) -> bool:
        """Whether a connection may hold so much of a message that is still coming."""
        self._coming_total += size - self._coming.pop(connection, 0)
        if size > SMALL:
            self._coming[connection] = size
        else:
            self._coming_total -= size
        return size <= SMALL or self._coming_total <= self._most or len(self._coming) == 1

    def _is_room(self, size: int) -> bool:
        return self._waiting == 0 or self._waiting + size <= self._most

    def _admit(self) -> None:
        while self._queue and self._is_room(self._queue[0][0]):
            size, turn = self._queue.popleft()
            if not turn.done():
                self._waiting += size
                turn.set_result(None)
