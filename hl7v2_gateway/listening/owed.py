"""Application acknowledgements of the enhanced mode: messages of their own, sent when all is done.

They go to a connection of the sender. Of several listeners one at a time sends what it is owed.
One that was sent just before a crash is sent once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from fhirserver.messages import Messages

AT_ONCE: Final = 50


class Sending(Protocol):
    """A connection."""

    async def send(self, message: bytes) -> None: ...


class Owed:
    """What is owed, as the record has it."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hl7v2 owed")

    async def pay(self, sender: str, connection: Sending) -> int:
        """Send a sender what it is owed, in order; how many there were."""
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._pool, self._is_ours, sender):
            return 0
        try:
            # Only what is owed by now: another listener may have sent something a moment ago.
            found = await loop.run_in_executor(self._pool, self._found, sender)
            for _, answer in found:
                await connection.send(answer)
            if found:
                ids = [id_ for id_, _ in found]
                await loop.run_in_executor(self._pool, self._messages.paid, ids)
            return len(found)
        finally:
            await loop.run_in_executor(self._pool, self._messages.let_go, sender)

    def _is_ours(self, sender: str) -> bool:
        return bool(self._messages.owed(sender, limit=1)) and self._messages.claim(sender)

    def _found(self, sender: str) -> Sequence[tuple[int, bytes]]:
        return self._messages.owed(sender, limit=AT_ONCE)

    def close(self) -> None:
        """Let go of the connection to the database."""
        self._pool.submit(self._messages.database.close).result()
        self._pool.shutdown()
