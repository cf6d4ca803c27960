"""One MLLP connection: blocks in, acknowledgements out, in the order of the messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import Final

from hl7v2_gateway.framing import Decoder, Event, Odd, framed
from hl7v2_gateway.intake import Answer, Received
from hl7v2_gateway.listening.asking import Asking
from hl7v2_gateway.listening.group import Group
from hl7v2_gateway.listening.limits import DRAIN_SECONDS, SETTLE_SECONDS, UNDER_WAY, Limits
from hl7v2_gateway.listening.room import Room

log = logging.getLogger(__name__)

_READ: Final = 65_536


class Connection:
    """`number` names it in the log. `senders` are those who wait here for more than one answer."""

    def __init__(
        self,
        number: int,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        address: str,
        certificate: str | None,
        group: Group,
        limits: Limits,
        room: Room,
        asking: Asking | None = None,
    ) -> None:
        self.number = number
        self.address = address
        self.senders: set[str] = set()
        self._reader, self._writer = streams
        self._certificate = certificate
        self._group = group
        self._limits = limits
        self._room = room
        self._asking = asking
        self._answers: asyncio.Queue[asyncio.Future[Answer] | None] = asyncio.Queue(UNDER_WAY)
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Until the other side closes, or has to be cut off."""
        answering = asyncio.create_task(self._answer())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait({answering, reading}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and reading.exception() is None:
                # What was sent before it closed is kept, and answered if it still listens.
                await asyncio.wait({answering})
        finally:
            self._room.grows(self.number, 0)
            for task in (reading, answering):
                task.cancel()
            done = await asyncio.gather(reading, answering, return_exceptions=True)
            for error in done:
                if isinstance(error, Exception):
                    self._log("hl7v2_connection_cut", error=type(error).__name__)
            await self._end()

    async def _end(self) -> None:
        """Let the answers leave that are still with us; who doesn't take them is cut off.

        The socket is the transport's until then: closed under its hands, it would lose them, and
        the next connection, under the same number, would meet what is left of this one.
        """
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._writer.wait_closed()
            return
        self._writer.transport.abort()

    async def send(self, message: bytes) -> None:
        """Send a message of ours; raises OSError when it can't be.

        Who doesn't take it in time is cut off: it may have got a part of it.
        """
        async with self._writing:
            self._writer.write(framed(message))
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._writer.drain()
            except TimeoutError:
                self._writer.transport.abort()
                raise

    def close(self) -> None:
        """Read no more; what has come is still answered."""
        self._reader.feed_eof()

    async def _read(self) -> None:
        await self._read_all()
        await self._answers.put(None)

    async def _read_all(self) -> None:
        decoder = Decoder(self._limits.message_bytes)
        while True:
            try:
                async with asyncio.timeout(self._patience(decoder)):
                    data = await self._reader.read(_READ)
            except TimeoutError:
                if not decoder.is_ending:
                    self._log("hl7v2_connection_silent", inside=decoder.is_inside)
                    return
                await self._take(decoder.settle())
                continue
            if not data:
                await self._take(decoder.close())
                return
            await self._take(decoder.feed(data))
            if not self._room.grows(self.number, decoder.held):
                self._log("hl7v2_no_room", size=decoder.held)
                return

    def _patience(self, decoder: Decoder) -> float | None:
        if decoder.is_ending:
            return SETTLE_SECONDS
        return self._limits.message_seconds if decoder.is_inside else self._limits.idle_seconds

    async def _take(self, events: list[Event]) -> None:
        for event in events:
            is_cut = False
            if isinstance(event, Odd):
                self._log("hl7v2_odd_bytes", kind=event.kind, size=event.size)
                if event.kind != "too-long":
                    continue
                raw, is_cut = event.head, True
            else:
                raw = event.content
            if raw.strip():
                received = Received(
                    raw,
                    address=self.address,
                    certificate=self._certificate,
                    is_cut=is_cut,
                )
                await self._room.enter(len(raw))
                answer = self._group.submit(received)
                answer.add_done_callback(partial(self._leave, len(raw)))
                await self._answers.put(answer)

    def _leave(self, size: int, answer: asyncio.Future[Answer]) -> None:
        self._room.leave(size)
        if not answer.cancelled():
            # Whose connection has ended meanwhile nobody asks for.
            answer.exception()

    async def _answer(self) -> None:
        """Raises what kept a message from being kept: its sender has to send it again."""
        while (future := await self._answers.get()) is not None:
            # It is kept even if this connection ends before.
            answer = await asyncio.shield(future)
            if answer.owes_more and answer.sender is not None:
                self.senders.add(answer.sender)
            if answer.ack is not None:
                await self.send(answer.ack)
            if answer.question is not None and self._asking is not None:
                response = await self._asking.answer(answer.question)
                if response is not None:
                    await self.send(response)

    def _log(self, event: str, **more: object) -> None:
        with contextlib.suppress(ValueError):
            log.info(event, extra={"connection": self.number, "address": self.address, **more})
